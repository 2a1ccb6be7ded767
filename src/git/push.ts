import type { Git, Oid } from './run.js'

/** One ref that is pushed. */
export interface Push {
  remote: string
  /** A full ref here, and the one there. */
  from: string
  to: string
  /** What the ref is expected to be there; only then it may move to something that is no descendant. */
  lease?: Oid | null
}

/** What came of it. */
export interface Pushed {
  isDone: boolean
  /** Why not, in git's words; empty when it is done. */
  reason: string
  /** What the host said, a line each. */
  remarks: string[]
}

/**
 * Pushes one ref, with the user's own hooks, credentials and configuration. Runs in a checkout, as the user does.
 * A refusal is a value; an unreachable remote as well.
 */
export async function pushRef(git: Git, { remote, from, to, lease }: Push): Promise<Pushed> {
  const leases = lease === undefined || lease === null ? [] : [`--force-with-lease=${to}:${lease}`]
  const args = ['push', '--porcelain', '--no-follow-tags', ...leases, '--', remote, `${from}:${to}`]
  const { code, stdout, stderr } = await git.with({ LC_ALL: 'C' }).run(args, { ok: [0, 1, 128] }) // 1: refused, 128: no connection
  const remarks = stderr.split('\n').flatMap((line) => /^remote: ?(.*)$/.exec(line)?.[1]?.trim() ?? [])
  if (code === 0) return { isDone: true, reason: '', remarks }
  // https://git-scm.com/docs/git-push#Documentation/git-push.txt---porcelain: `<flag> TAB <from>:<to> TAB <summary> (<reason>)`
  const refused = stdout.split('\n').find((line) => line.startsWith('!\t'))
  const told = stderr.split('\n').find((line) => /^(fatal|error):/.test(line))
  const reason = refused?.split('\t')[2] ?? told?.replace(/^(fatal|error): /, '') ?? `exit code ${code}`
  return { isDone: false, reason, remarks }
}
