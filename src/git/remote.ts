import type { Config } from './config.js'
import { type Git, GitError, type Oid } from './run.js'

/** Names of the configured remotes. */
export async function remoteNames(git: Git): Promise<string[]> {
  const text = await git.text(['remote'])
  return text === '' ? [] : text.split('\n')
}

/** Where a remote is fetched from, as people may see it: without a password. */
export async function remoteUrl(git: Git, remote: string): Promise<string> {
  const url = await git.text(['ls-remote', '--get-url', '--end-of-options', remote])
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/@]*@/i, '$1:***@')
}

/** Where a remote is pushed to, a line each; a URL or a path stands for itself. */
export async function pushUrls(git: Git, remote: string): Promise<string> {
  const text = await git.text(['remote', 'get-url', '--push', '--all', '--end-of-options', remote], { ok: [0, 2, 128] }) // 2, 128: no such remote
  return text === '' ? remote : text
}

/** What keeps a fetch or push of ours to the refs that it names, whatever is configured. */
const alone = ['--no-recurse-submodules']

/**
 * Fetches by the refspecs given and no others: no tags, no FETCH_HEAD, no remote-tracking branches.
 * @throws GitError when the remote cannot be reached, or one of the refs could not be fetched
 */
export async function fetchRefs(
  git: Git,
  remote: string,
  how: { refspecs: readonly string[]; prune?: boolean; depth?: number },
): Promise<void> {
  const args = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--refmap=',
    ...alone,
    how.prune === true ? '--prune' : '--no-prune',
    ...(how.depth === undefined ? [] : [`--depth=${how.depth}`]),
    '--end-of-options',
    remote,
    ...how.refspecs,
  ]
  const { code, stderr } = await git.run(args, { ok: [0, 1] })
  // With a depth git says 1, and nothing else, when nothing matches.
  if (code === 1 && (how.depth === undefined || stderr !== '')) throw new GitError(args, { code, signal: null }, stderr)
}

/** All refs that a remote shows and that match a pattern. */
export async function listRemote(git: Git, remote: string, patterns: readonly string[]): Promise<Map<string, Oid>> {
  const text = await git.text(['ls-remote', '--refs', '--quiet', '--end-of-options', remote, ...patterns])
  const refs = new Map<string, Oid>()
  for (const line of text === '' ? [] : text.split('\n')) {
    const tab = line.indexOf('\t')
    refs.set(line.slice(tab + 1), line.slice(0, tab))
  }
  return refs
}

/** A ref to be pushed. */
export interface PushUpdate {
  ref: string
  /** Null deletes it. */
  oid: Oid | null
  /** Where the remote's ref must stand; needed when it does not move forward. */
  lease?: Oid
}

/** What became of a ref that was pushed. */
export interface PushedRef {
  ref: string
  isDone: boolean
  /** It stood there already: the remote hides it from those who fetch. */
  isSame: boolean
  /** Somebody else moved it meanwhile: fetch, join and push again. */
  isStale: boolean
  /** What the remote says, in one line. */
  summary: string
}

/** What became of a push, and what the remote said about it. */
export interface Pushed {
  refs: PushedRef[]
  /** Lines that the remote's hooks printed. */
  said: string[]
}

/**
 * Pushes refs one by one in one connection: those that are refused hold up no others; with `isAtomic` all or none. The user's pre-push hook is about branches that the
 * user pushes, and does not run.
 * @throws GitError when the remote cannot be reached, or nothing could be sent
 */
export async function pushRefs(
  git: Git,
  remote: string,
  how: { updates: readonly PushUpdate[]; config: Config; isAtomic?: boolean },
): Promise<Pushed> {
  const { updates, config } = how
  const leases = updates.flatMap(({ ref, lease }) =>
    lease === undefined ? [] : [`--force-with-lease=${ref}:${lease}`],
  )
  const isMirror = config.get(`remote.${remote}.mirror`) !== null
  const args = [
    ...(isMirror ? ['-c', `remote.${remote}.mirror=false`] : []),
    'push',
    '--porcelain',
    '--no-verify',
    '--no-follow-tags',
    ...alone,
    ...(how.isAtomic === true ? ['--atomic'] : []),
    ...leases,
    '--end-of-options',
    remote,
    ...updates.map(({ ref, oid }) => `${oid ?? ''}:${ref}`),
  ]
  const result = await git.run(args, { ok: [0, 1] }) // 1: some were refused
  const pushed = parsePush(result.stdout)
  if (pushed.length === 0) throw new GitError(args, { code: result.code, signal: null }, result.stderr)
  const said = result.stderr.split('\n').flatMap((line) => /^remote: ?(.*?)\s*$/.exec(line)?.[1] ?? [])
  return { refs: pushed, said: said.filter((line) => line !== '') }
}

/** `<flag> TAB <from>:<to> TAB <summary>`; a remote with several push URLs answers once for each. */
function parsePush(text: string): PushedRef[] {
  const byRef = new Map<string, PushedRef>()
  for (const line of text.split('\n')) {
    const match = /^([ +\-*!=])\t[^\t]*?:([^\t:]+)\t(.*)$/.exec(line)
    if (match === null) continue
    const [, flag = '', ref = '', summary = ''] = match
    const isStale =
      /\((fetch first|non-fast-forward|stale info|needs force)\)|cannot lock ref|incorrect old value/.test(summary)
    const isDone = flag !== '!'
    // The one that failed counts.
    if (byRef.get(ref)?.isDone !== false)
      byRef.set(ref, { ref, isDone, isSame: flag === '=', isStale: !isDone && isStale, summary })
  }
  return [...byRef.values()]
}
