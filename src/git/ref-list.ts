import type { Git, Oid } from './run.js'

/** Refs below prefixes and where they point, without a look at what they point at. */
export async function listRefs(git: Git, prefixes: readonly string[]): Promise<Map<string, Oid>> {
  const text = await git.text(['for-each-ref', '--format=%(objectname) %(refname)', ...prefixes])
  const refs = new Map<string, Oid>()
  for (const line of text === '' ? [] : text.split('\n')) {
    const space = line.indexOf(' ')
    refs.set(line.slice(space + 1), line.slice(0, space))
  }
  return refs
}
