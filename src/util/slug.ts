/** At most this many characters, and bytes: a ref's component becomes a file name, and `.lock` is added to it. */
const maxCharacters = 40
const maxBytes = 120

/**
 * A short name for branches: letters and digits of any script in lower case, joined by `-`. Latin accents are dropped; a text without
 * letters and digits gives `session`.
 */
export function slugOf(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
  const words = plain.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  let slug = ''
  for (const word of words) {
    const next = slug === '' ? word : `${slug}-${word}`
    if (slug !== '' && !fits(next)) break
    slug = next
  }
  return shorten(slug) || 'session'
}

const fits = (text: string): boolean => [...text].length <= maxCharacters && Buffer.byteLength(text) <= maxBytes

function shorten(text: string): string {
  let characters = [...text].slice(0, maxCharacters)
  while (Buffer.byteLength(characters.join('')) > maxBytes) characters = characters.slice(0, -1)
  return characters.join('').replace(/^-+|-+$/g, '')
}
