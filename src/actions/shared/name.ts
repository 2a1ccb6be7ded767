import { fatal } from '../../errors.js'
import { firstLine } from '../../state/fold.js'

/**
 * The name of a session: one line without control characters.
 * @throws AmpError when nothing is left, or when it means something else where a session is named
 */
export function cleanName(text: string): string {
  const name = oneLineName(text)
  if (name !== '' && !/^(@|-|\.{1,2})$/.test(name) && !name.startsWith('-')) return name
  throw fatal(
    name === '' ? 'the name is empty' : `'${name}' cannot be the name of a session`,
    'Choose a name of a few words, or leave it out: the prompt gives one then.',
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
export const oneLineName = (text: string): string => firstLine(text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' '))
