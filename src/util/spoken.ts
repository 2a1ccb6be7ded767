import { parseLine } from './ndjson.js'

/** What names things rather than says something: every line of an agent has some of these. */
const names =
  /^(type|subtype|role|kind|id|uuid|model|status|stop_reason|stop_sequence|signature|timestamp|media_type|version|\w*(_id|_uuid|Id|ID))$/
/** JSON in JSON: arguments of tools are texts for some agents. */
const maxDepth = 3

/** The texts in a line that an agent printed: the line itself, or the strings of its JSON without those that only name things. */
export function textsIn(data: Buffer): string[] {
  const line = parseLine(data)
  if (line.kind === 'text') return [line.text]
  const texts: string[] = []
  collect(line.value, texts, 0)
  return texts
}

function collect(value: unknown, into: string[], depth: number): void {
  if (typeof value === 'string') {
    const inner = depth < maxDepth && /^\s*[{[]/.test(value) ? parsed(value) : null
    if (inner === null) into.push(value)
    else collect(inner, into, depth + 1)
  } else if (Array.isArray(value)) for (const one of value) collect(one, into, depth)
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value))
      if (typeof one !== 'string' || !names.test(key)) collect(one, into, depth)
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
