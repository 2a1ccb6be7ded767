import { fatal } from '../../errors.js'
import { firstLine } from '../../state/fold.js'
import { plainLine } from '../../state/rules.js'

/**
 * The name of a session: one line without control characters.
 * @throws AmpError when nothing is left, or when it means something else where a session is named
 */
export function cleanName(text: string): string {
  const name = oneLineName(text)
  if (name !== '' && !/^(@|-|\.{1,2})$/.test(name)) return name
  throw fatal(
    name === '' ? 'the name is empty' : `'${name}' cannot be the name of a session`,
    'Choose a name of a few words, or leave it out: the prompt gives one then.',
  )
}

/** The first line of a text, without what no terminal shows. */
export const oneLineName = (text: string): string => firstLine(plainLine(text))
