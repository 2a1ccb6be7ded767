import { AmpError, fatal } from '../errors.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { askedBy } from './shared/asked.js'
import { resolveBase } from './shared/base.js'
import { findSession } from './shared/find.js'
import { currentSession } from './shared/session-file.js'
import { digestOf, type Runnable, runnablesOf, trustKey, untrusted } from './shared/trust.js'

/** What is asked for: a session, or what the files of the repository say for a new one. */
export interface TrustOptions {
  session?: string | undefined
  /** The revision that a session would start from. */
  base?: string | undefined
}

/** What a session from elsewhere, or the repository itself, has that could run here. */
export interface TrustQuestion {
  /** Null when no session is asked for. */
  tip: ChainTip | null
  /** The commit whose `.amp.yaml` counts. */
  base: { ref: string | null; oid: Oid }
  runnables: readonly Runnable[]
  /** Those that are not approved yet. */
  open: readonly Runnable[]
}

/** Finds what there is to approve. Nothing is written. */
export async function askTrust(repo: Repo, { session, base: revision }: TrustOptions): Promise<TrustQuestion> {
  if (session !== undefined && revision !== undefined)
    throw fatal('a session has its base', 'Name a session, or --base <revision>.')
  const isRepository = session === undefined && (revision !== undefined || (await currentSession(repo)) === null)
  const tip = isRepository ? null : await findSession(repo, session)
  const base = tip?.snapshot.base ?? (await resolveBase(repo, revision))
  const asked = await askedBy(repo, base.oid)
  const runnables = tip === null ? asked : [...(await runnablesOf(repo, tip)), ...asked]
  return { tip, base, runnables, open: await untrusted(repo, tip, runnables) }
}

/** Approves what the user was shown: by digest, so that other words need another approval, and in this clone alone. */
export async function trustSession(repo: Repo, { tip, open }: TrustQuestion): Promise<void> {
  const { fs } = repo.host
  await fs.mkdir(repo.local('trusted'), { recursive: true })
  for (const one of open) {
    const digest = digestOf(tip?.id ?? '', one)
    const said = { ...one, ...(one.file === undefined && tip !== null ? { session: tip.id } : {}) }
    // The digest decides; the words are for `--list`.
    await fs.writeFile(wordsFile(repo, digest), JSON.stringify(said), { mode: 0o600 })
    await repo.git.run(['config', '--local', '--add', trustKey, digest])
  }
  repo.forgetConfig()
}

const wordsFile = (repo: Repo, digest: string): string => repo.local('trusted', `${digest}.json`)

/** An approval, and what it is for where that is known. */
export interface Approval {
  digest: string
  what: (Runnable & { session?: string }) | null
}

/** All approvals that count in this clone. */
export async function listTrust(repo: Repo): Promise<Approval[]> {
  const digests = [...new Set((await repo.config()).all(trustKey))].filter((one) => /^[0-9a-f]{64}$/.test(one))
  return Promise.all(digests.map(async (digest) => ({ digest, what: await wordsOf(repo, digest) })))
}

async function wordsOf(repo: Repo, digest: string): Promise<Approval['what']> {
  try {
    const said = JSON.parse(await repo.host.fs.readFile(wordsFile(repo, digest), 'utf8')) as Runnable & {
      session?: string
    }
    return digestOf(said.session ?? '', said) === digest ? said : null
  } catch {
    // Approved by an earlier git-amp, or in another scope of the configuration.
    return null
  }
}

/**
 * Takes approvals back: those of a session or of the repository, one by the beginning of its digest, or all.
 * @returns those that were taken back
 */
export async function revokeTrust(repo: Repo, which: TrustOptions & { all: boolean }): Promise<Approval[]> {
  const known = await listTrust(repo)
  const revoked = which.all ? known : await chosen(repo, known, which)
  for (const { digest } of revoked) {
    // 5: it stands in another scope of the configuration.
    const args = ['config', '--local', '--fixed-value', '--unset-all', trustKey, digest]
    const { code } = await repo.git.run(args, { ok: [0, 5] })
    if (code === 5)
      throw new AmpError('fatal', `the approval ${digest.slice(0, 12)} is not in this clone's own configuration`, {
        hints: [`Find it with "git config --show-origin --get-all ${trustKey}".`],
      })
    await repo.host.fs.rm(wordsFile(repo, digest), { force: true })
  }
  return revoked
}

async function chosen(repo: Repo, known: readonly Approval[], which: TrustOptions): Promise<Approval[]> {
  const word = which.session ?? ''
  const named = /^[0-9a-f]{7,64}$/.test(word) ? known.filter(({ digest }) => digest.startsWith(word)) : []
  if (named.length > 0) return named
  const { tip, runnables } = await askTrust(repo, which)
  const digests = new Set(runnables.map((one) => digestOf(tip?.id ?? '', one)))
  return known.filter(({ digest, what }) => digests.has(digest) || (tip !== null && what?.session === tip.id))
}
