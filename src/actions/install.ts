import { dirname, isAbsolute, join } from 'node:path'
import { no } from '../errors.js'
import { parseRefspec, reachesInto } from '../git/refspec.js'
import { remoteNames } from '../git/remote.js'
import type { Repo } from '../repo.js'
import { openRefspecs } from './sync/fetch.js'
import { findRemote, type Remote } from './sync/remote.js'

export interface InstallSyncOptions {
  remote?: string | undefined
  /** Only what `git fetch` needs, or only what `git push` needs; both without either. */
  only?: 'fetch' | 'push' | undefined
  uninstall?: boolean | undefined
  dryRun?: boolean | undefined
}

/** A value in the repository's configuration, or a file, that is written or taken away. */
export type InstallChange =
  | { kind: 'config'; does: 'add' | 'remove'; key: string; value: string }
  | { kind: 'file'; does: 'add' | 'remove'; path: string; text: string }

export interface InstallResult {
  remote: string
  isUninstall: boolean
  isDryRun: boolean
  /** What was done, or would be; nothing when all is so already. */
  changes: InstallChange[]
}

/**
 * Not by `remote.<name>.push`: with it plain `git push` pushes that alone, `push.default` counts no more, and one session that somebody else took
 * further makes every push of a branch fail.
 */
const hookText = `#!/bin/sh
# Written by "git amp install --sync", taken away by "git amp install --sync --uninstall".
# Sessions go where commits go. It never holds up a push.
[ "$(git config --type=bool --get "amp.remote.$1.push")" = true ] || exit 0
# Git runs this hook for --dry-run too, and does not tell.
case " $(ps -o args= -p "$PPID" 2>/dev/null) " in *' --dry-run '* | *' -n '*) exit 0 ;; esac
git amp sync --push --quiet -- "$1" </dev/null >&2 || echo "hint: not all sessions were pushed; run: git amp sync $1" >&2
exit 0
`

/** The one line for a hook of the user's own. */
const hookLine = 'git amp sync --push --quiet -- "$1" </dev/null >&2 || :'

/**
 * Lets plain `git fetch` and `git push` of one remote carry sessions, or takes that back. All that stands in the way is found before anything
 * is written.
 * @throws AmpError when a hook of the user's is there, or the remote is a mirror
 */
export async function installSync(repo: Repo, options: InstallSyncOptions): Promise<InstallResult> {
  const remote = await namedRemote(repo, options.remote)
  const isUninstall = options.uninstall === true
  const changes = [
    ...(options.only === 'push' ? [] : await fetchChanges(repo, remote, isUninstall)),
    ...(options.only === 'fetch' ? [] : await pushChanges(repo, remote, isUninstall)),
  ]
  const isDryRun = options.dryRun === true
  if (!isDryRun) for (const change of isUninstall ? [...changes].reverse() : changes) await apply(repo, change)
  return { remote: remote.name, isUninstall, isDryRun, changes }
}

async function namedRemote(repo: Repo, wanted: string | undefined): Promise<Remote> {
  const remote = await findRemote(repo, wanted, false)
  if ((await remoteNames(repo.git)).includes(remote.name)) return remote
  throw no(
    `${remote.url} is no remote of this repository, and plain git knows no other`,
    'Give it a name first: git remote add <name> <url>',
  )
}

async function fetchChanges(repo: Repo, remote: Remote, isUninstall: boolean): Promise<InstallChange[]> {
  const key = `remote.${remote.name}.fetch`
  const present = (await repo.config()).all(key)
  const wanted = openRefspecs(remote)
  const change = (does: 'add' | 'remove') => (value: string) => ({ kind: 'config' as const, does, key, value })
  if (isUninstall) return wanted.filter((value) => present.includes(value)).map(change('remove'))
  const config = await repo.config()
  const overwrites = present.find((text) => overwritesSessions(text))
  if (overwrites !== undefined || config.get(`remote.${remote.name}.mirror`) === 'true') {
    throw no(
      `remote ${remote.name} is a mirror: "git fetch" overwrites the sessions here with those there`,
      ...(overwrites === undefined ? [] : [`${key} is ${overwrites}`]),
      'Fetch with "git amp sync --fetch", which joins them.',
    )
  }
  if (present.length === 0) {
    throw no(
      `remote ${remote.name} has no fetch refspec, and "git fetch" would fetch nothing but sessions with one`,
      `Set one first: git config ${key} "+refs/heads/*:refs/remotes/${remote.name}/*"`,
    )
  }
  return wanted.filter((value) => !present.includes(value)).map(change('add'))
}

/** Whether a fetch by this refspec puts what is there in the place of sessions here. */
export function overwritesSessions(text: string): boolean {
  const { to } = parseRefspec(text)
  return to !== null && (reachesInto(to, 'refs/amp') || reachesInto(to, 'refs/amp-local/oplog'))
}

async function pushChanges(repo: Repo, remote: Remote, isUninstall: boolean): Promise<InstallChange[]> {
  const key = `amp.remote.${remote.name}.push`
  const config = await repo.config()
  const isOn = config.get(key) !== null
  const path = await hookPath(repo)
  const text = await repo.host.fs.readFile(path, 'utf8').catch(() => null)
  const hook = (does: 'add' | 'remove'): InstallChange => ({ kind: 'file', does, path, text: hookText })
  if (isUninstall) {
    const others = config.keysBelow('amp.remote').some((other) => other.endsWith('.push') && other !== key)
    return [
      ...(isOn ? [{ kind: 'config', does: 'remove', key, value: config.get(key) ?? '' } as const] : []),
      ...(text === hookText && !others ? [hook('remove')] : []),
    ]
  }
  if (text !== hookText && (text !== null || config.get('core.hooksPath') !== null)) {
    throw no(
      text === null
        ? `core.hooksPath is set, and its hooks may not be this repository's alone: ${dirname(path)}`
        : `there is a pre-push hook of yours: ${path}`,
      `Put this line into ${path}: ${hookLine}`,
      `"git amp install --sync --fetch" does the rest.`,
    )
  }
  return [
    ...(config.get(key) === 'true' ? [] : [{ kind: 'config', does: 'add', key, value: 'true' } as const]),
    ...(text === hookText ? [] : [hook('add')]),
  ]
}

async function hookPath(repo: Repo): Promise<string> {
  const home = repo.location.isBare ? repo.location.commonDir : await repo.home()
  const path = await repo.in(home).text(['rev-parse', '--git-path', 'hooks/pre-push'])
  return isAbsolute(path) ? path : join(home, path)
}

async function apply(repo: Repo, change: InstallChange): Promise<void> {
  const { fs } = repo.host
  if (change.kind === 'config' && change.does === 'add') {
    await repo.git.run(['config', '--local', '--add', change.key, change.value])
  } else if (change.kind === 'config') {
    // 5: it is in another file, which is not this repository's.
    await repo.git.run(['config', '--local', '--fixed-value', '--unset-all', change.key, change.value], { ok: [0, 5] })
  } else if (change.does === 'add') {
    await fs.mkdir(dirname(change.path), { recursive: true })
    await fs.writeFile(change.path, change.text, { mode: 0o755, flag: 'wx' })
  } else await fs.rm(change.path, { force: true })
}
