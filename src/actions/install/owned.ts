import { createHash } from 'node:crypto'

/** How a file is known as written by `git amp install`, and unchanged since: its last line holds a digest of those before it. */
const stampText = 'Written by "git amp install"; the SHA-256 of the lines above begins with'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** The text with its last line. `comment` begins a comment where it goes. */
export function stamped(text: string, comment: string): string {
  const whole = text.endsWith('\n') ? text : `${text}\n`
  return `${whole}${comment} ${stampText} ${digest(whole)}.\n`
}

/** What a file that stands in the way is: ours, ours but edited since, or somebody else's. */
export function ownerOf(text: string): 'us' | 'edited' | 'other' {
  const start = text.lastIndexOf('\n', text.length - 2) + 1
  const found = new RegExp(`${stampText} ([0-9a-f]{16})\\.\n$`).exec(text.slice(start))
  if (found !== null && found[1] === digest(text.slice(0, start))) return 'us'
  return text.includes(stampText) ? 'edited' : 'other'
}
