import { join } from 'node:path'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { isId } from '../../state/names.js'
import { shellWord } from '../../util/quote.js'
import { cameAlong, leadsTo, linkedGitDirs, ownerOf, rejoin } from '../shared/git-file.js'
import { dropHalfMade, halfMade } from '../shared/half-made.js'
import { dropLease, localLeases } from '../shared/lease.js'
import { excludeWorktrees, findPlace } from '../shared/place.js'
import { reconcileAnywhere } from '../shared/reconcile.js'
import { readSessionFile } from '../shared/session-file.js'
import { type Finding, fixable, note, problem } from './finding.js'

/** Worktrees that moved, are gone, were left half made, or belong to no session. */
export async function checkWorktrees(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  const { fs } = repo.host
  const findings: Finding[] = []
  for (const one of await halfMade(repo)) {
    const message = `git was killed while it made a worktree (${one.gitDir}); "git fetch" fails with it`
    findings.push(
      fixable('worktrees', message, { repair: 'take it away: nothing is in it', fix: () => dropHalfMade(repo, one) }),
    )
  }
  const home = await repo.worktreeHome()
  const linked = await linkedGitDirs(repo)
  const known = new Set<string>()
  for (const { gitDir, path } of linked) {
    const id = await readSessionFile(repo, gitDir)
    if (id === null) continue
    known.add(path)
    const isThere = await fs.lstat(path).then(
      () => true,
      () => false,
    )
    const owner = isThere ? await ownerOf(repo, { path, gitDir }) : null
    if (!isThere || owner !== null) {
      const moved = await movedTo(repo, home, gitDir)
      if (moved === null && owner !== null) {
        const message = `the worktree ${path} belongs to ${owner}; this repository is a copy`
        findings.push(note('worktrees', message, `Forget it here: rm -r ${shellWord(gitDir)}`))
      } else if (moved !== null) {
        known.add(moved)
        const message = `the worktree of session ${id} was moved to ${moved}, and git looks for it in ${path}`
        findings.push(
          fixable('worktrees', message, {
            repair: 'tell git where it is',
            fix: () => rejoin(repo, { path: moved, gitDir }),
          }),
        )
      } else
        findings.push(
          note(
            'worktrees',
            `the worktree of session ${id} is gone from ${path}`,
            `"git amp resume ${id.slice(0, 4)}" makes it again, and so does the next iteration.`,
          ),
        )
      continue
    }
    const file = await fs.readFile(join(path, '.git'), 'utf8').catch(() => '')
    if (!leadsTo(file, { path, gitDir })) {
      const message = `the worktree ${path} does not lead back to this repository, which may have been moved`
      findings.push(
        fixable('worktrees', message, {
          repair: 'tell it where the repository is',
          fix: () => rejoin(repo, { path, gitDir }),
        }),
      )
    }
    if (!sound.some((tip) => tip.id === id))
      findings.push(
        note(
          'worktrees',
          `the worktree ${path} belongs to session ${id}, which is not here`,
          `Remove it when nothing in it is needed: git worktree remove ${shellWord(path)}`,
        ),
      )
  }
  for (const name of await fs.readdir(home).catch((): string[] => []))
    if (isId(name) && !known.has(join(home, name)) && !(await isLinked(repo, join(home, name))))
      findings.push(
        note(
          'worktrees',
          `${join(home, name)} is no worktree of this repository`,
          'Move it away when it is in the way.',
        ),
      )
  return findings
}

/** A directory in the usual place whose `.git` file names the git directory, or did before the repository was moved or copied. */
async function movedTo(repo: Repo, home: string, gitDir: string): Promise<string | null> {
  for (const name of await repo.host.fs.readdir(home).catch((): string[] => [])) {
    const path = join(home, name)
    const text = await repo.host.fs.readFile(join(path, '.git'), 'utf8').catch(() => '')
    if (leadsTo(text, { path, gitDir }) || (await cameAlong(repo, path)) === gitDir) return path
  }
  return null
}

const isLinked = async (repo: Repo, path: string): Promise<boolean> =>
  (await repo.worktrees()).some((worktree) => worktree.path === path)

/** Leases of processes that are dead: of an iteration that has ended, or of one whose work nobody has taken up. */
export async function checkLeases(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const lease of (await localLeases(repo)).filter(({ where }) => where === 'dead')) {
    const tip = sound.find(({ snapshot }) => snapshot.open.some((open) => open.iteration === lease.iteration))
    if (tip === undefined) {
      const message = `iteration ${lease.iteration} has ended, and left a lease`
      findings.push(
        fixable('leases', message, { repair: 'remove the lease', fix: () => dropLease(repo, lease.iteration) }),
      )
    } else {
      const n = tip.snapshot.open.find((open) => open.iteration === lease.iteration)?.n
      const message = `iteration ${n} of session ${tip.snapshot.name} was killed, and what it left is not recorded`
      findings.push(fixable('leases', message, { repair: 'record it', fix: () => reconcileAnywhere(repo, tip) }))
    }
  }
  return findings
}

/** The line that keeps the worktrees out of the user's `git status`. */
export async function checkExclude(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  if (repo.location.isBare) return []
  for (const tip of sound) {
    const place = await findPlace(repo, tip).catch(() => null)
    const top = await repo.home()
    if (place === null || !place.path.startsWith(`${top}/`)) continue
    const { code } = await repo
      .in(top)
      .run(['check-ignore', '--quiet', '--no-index', '--', place.path], { ok: [0, 1, 128] }) // 1: it is not; 128: cannot tell
    if (code !== 1) continue
    const message = `the worktrees are not excluded, and "git status" shows them`
    return [
      fixable('exclude', message, {
        repair: 'add the line to info/exclude',
        fix: () => excludeWorktrees(repo, place.path),
      }),
    ]
  }
  return []
}

/** Locks that a killed git left, and that every write of theirs waits for. */
export async function checkLocks(repo: Repo): Promise<Finding[]> {
  const { fs, processes } = repo.host
  const { commonDir } = repo.location
  const isAtWork = (await processes.workingIn(commonDir)).some(({ name }) => name.startsWith('git'))
  const now = repo.host.now().getTime()
  const findings: Finding[] = []
  for (const path of await locksBelow(repo, commonDir)) {
    const stat = await fs.stat(path).catch(() => null)
    if (stat === null || now - stat.mtimeMs < oldLockMs) continue
    if (isAtWork)
      findings.push(
        problem(
          'locks',
          `${path} was left behind, or a git command holds it`,
          'Wait until no git command runs, and look again.',
        ),
      )
    else {
      const aside = repo.local('locks', `${repo.newId()}.lock`)
      const moveAside = async () => {
        await fs.mkdir(repo.local('locks'), { recursive: true })
        await fs.rename(path, aside)
      }
      findings.push(
        fixable('locks', `${path} was left behind by a git that was killed`, {
          repair: 'move it aside',
          fix: moveAside,
        }),
      )
    }
  }
  return findings
}

/** No command of git holds one that long where none is seen at work. */
const oldLockMs = 60_000

async function locksBelow(repo: Repo, commonDir: string): Promise<string[]> {
  const { fs } = repo.host
  const found = ['packed-refs.lock', 'config.lock', 'shallow.lock'].map((name) => join(commonDir, name))
  const queue = ['amp', 'amp-private', 'amp-local', 'notes', 'heads'].map((name) => join(commonDir, 'refs', name))
  for (let dir = queue.pop(); dir !== undefined; dir = queue.pop()) {
    for (const entry of await fs.readdir(dir, { withFileTypes: true }).catch(() => [])) {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) queue.push(path)
      else if (entry.name.endsWith('.lock')) found.push(path)
    }
  }
  return found
}
