import type { Git } from '../../git/run.js'
import type { ReadSession } from './selection.js'

/** Whether a session changed a path, at its end or in one of its iterations. Of commits that are not here nothing is known. */
export async function hasTouched(git: Git, { tip, iterations }: ReadSession, path: string): Promise<boolean> {
  const { base, heads } = tip.snapshot
  const spans = [
    ...heads.map((head) => [head, base.oid]),
    ...iterations.flatMap(({ from, to }) => (to === null ? [] : [[to, from]])),
  ].filter(([to, from]) => to !== from)
  if (spans.length === 0) return false
  const input = spans.map((span) => `${span.join(' ')}\n`).join('')
  const args = [
    'diff-tree',
    '--stdin',
    '-r',
    '--name-only',
    '--no-commit-id',
    '--no-renames',
    '-z',
    '--',
    `:(literal)${path}`,
  ]
  const { stdout } = await git.run(args, { input, ok: [0, 128] }) // 128: a commit is not here
  return stdout !== ''
}
