import { no } from '../../errors.js'

/** Lines in a file of the user's, between two lines that say whose they are. */
export interface Block {
  name: string
  lines: readonly string[]
}

const first = (name: string): string => `# >>> git-amp ${name} >>> Taken away by: git amp install --${name} --uninstall`
const last = (name: string): string => `# <<< git-amp ${name} <<<`

/** The block as it stands in a file, without a newline at its end. */
export const blockText = ({ name, lines }: Block): string => [first(name), ...lines, last(name)].join('\n')

/**
 * What has to be appended to a file so that it has the block; empty when it has. The end of the block remembers how the file ended: the block
 * ends with a newline when the file did.
 * @param text the file; null when there is none
 */
export function missingBlock(text: string | null, block: Block): string {
  if (text?.includes(blockText(block))) return ''
  const isOpen = text === null || (text !== '' && !text.endsWith('\n'))
  return `${isOpen && text !== null ? '\n' : ''}${blockText(block)}${isOpen ? '' : '\n'}`
}

/**
 * The file without the block, byte for byte as it was before the block was added; null when nothing else was ever in it.
 * @throws AmpError when the end of the block was taken away
 */
export function withoutBlock(text: string, name: string, path: string): string | null {
  const start = startOf(text, name)
  if (start < 0) return text
  const end = text.indexOf(`${last(name)}`, start)
  if (end < 0)
    throw no(
      `the line '${last(name)}' is missing in ${path}, so the end of the block is not known`,
      `Take the lines after '# >>> git-amp ${name} >>>' out by hand.`,
    )
  const after = end + last(name).length
  const isOpen = after === text.length
  if (isOpen && start === 0) return null
  return text.slice(0, isOpen ? start - 1 : start) + text.slice(text[after] === '\n' ? after + 1 : after)
}

/** Where a block begins, -1 when there is none. */
export const startOf = (text: string, name: string): number => {
  const found = new RegExp(`^# >>> git-amp ${name} >>>`, 'm').exec(text)
  return found === null ? -1 : found.index
}
