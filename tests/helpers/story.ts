import { plain } from './run.js'
import { type Scene, scene } from './scene.js'

/** A session with two iterations, tests and a manual commit, at fixed times. */
export async function story(): Promise<{ s: Scene; id: string; branch: string }> {
  const s = scene()
  const at = (minute: number) => ({ now: () => new Date(`2026-01-02T10:0${minute}:00Z`) })
  const created = await s.ampWith(
    at(0),
    'new',
    'Fix it',
    '-m',
    'printf "1\\n2\\n" >a\n\n: More words.',
    '--agent',
    'shell',
    '--test',
    'grep -q 3 a',
    '-q',
  )
  const id = created.stdout.trim()
  await s.ampWith(at(1), 'iterate', id)
  s.env.GIT_AUTHOR_DATE = s.env.GIT_COMMITTER_DATE = '2026-01-02T10:02:00Z'
  s.commit({ mine: '1\n' }, 'My own', s.worktree(id))
  delete s.env.GIT_AUTHOR_DATE
  delete s.env.GIT_COMMITTER_DATE
  await s.ampWith(at(3), 'iterate', id, '-m', 'printf "1\\n3\\n" >a')
  return { s, id, branch: s.branch(id) }
}

/** Durations differ from run to run. */
export const timeless = (text: string, root: string) =>
  plain(text, root)
    .replace(/\b\d+(\.\d+)? ?m?s\b/g, '<time>')
    .replace(/\b[0-9a-f]{10}\b/g, '<oid10>')
    .replace(/ +$/gm, '')
