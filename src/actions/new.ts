import { allAgentNames, checkModel, defaultAgent, findAgent, openAgent, unknownAgent } from '../agent/registry.js'
import { AmpError, fatal } from '../errors.js'
import { badValue, type Config } from '../git/config.js'
import { fullRef, resolveCommit } from '../git/history.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { beginChain, type ChainTip } from '../state/chain.js'
import { firstLine } from '../state/fold.js'
import { branchRef, sessionRef } from '../state/names.js'
import { RefMoved } from '../state/storage.js'
import { slugOf } from '../util/slug.js'
import { cleanName, oneLineName } from './shared/name.js'
import { addPlace, worktreePath } from './shared/place.js'
import { redacted, type Step, transact } from './shared/record.js'
import { rememberOwn } from './shared/trust.js'

/** Where a session starts from; `ref` is null when that is no branch. */
export interface Base {
  ref: string | null
  oid: Oid
}

/** What the user wants of a new session. */
export interface NewOptions {
  prompt: string
  /** Without it the prompt's first line gives the name. */
  name?: string | undefined
  /** A revision; without it `amp.base`, else the current branch. */
  base?: string | undefined
  agent?: string | undefined
  model?: string | undefined
  test?: string | undefined
  /** Path of the worktree; without it `<amp.worktreeDir>/<id>`. */
  worktree?: string | undefined
  /** The base itself, when it was decided before: its branch may be elsewhere now. */
  from?: Base | undefined
  /** The id, when it was written down before. */
  id?: string | undefined
  /** The batch run that it belongs to. */
  batch?: string | undefined
}

export interface NewResult {
  tip: ChainTip
  worktree: string
  base: Base
  /** The prompt is kept with secrets taken out of it. */
  isRedacted: boolean
  /** Why the agent cannot run here now, and what helps; null when it can. */
  agentProblem: AmpError | null
}

/** The same name may be taken twice in one second this often. */
const branchTries = 1000

/**
 * Starts a session: records it and its branch in one transaction, then makes the worktree. When a step fails, what the steps before it
 * made is taken back.
 */
export async function newSession(repo: Repo, options: NewOptions): Promise<NewResult> {
  const config = await repo.config()
  const agent = options.agent ?? config.get('amp.agent') ?? defaultAgent
  const agentProblem = await findProblem(repo, config, { agent, isSetting: options.agent === undefined })
  const base = options.from ?? (await resolveBase(repo, options.base))
  const redact = await repo.redactor()
  const prompt = redact(options.prompt)
  // Name and branch come out of the prompt: they must not tell what it may not.
  const name = nameOf({ prompt, name: options.name === undefined ? undefined : redact(options.name) })
  const test = options.test ?? (config.get('amp.test') || undefined)
  const model = options.model ?? config.get(`amp.agent.${agent}.model`) ?? undefined
  checkModel(model)
  const slug = slugOf(name)
  const id = options.id ?? repo.newId()
  const path = options.worktree ?? (await worktreePath(repo, id))
  const tip = await recordNew(repo, {
    id,
    name,
    slug,
    base,
    agent,
    model,
    test,
    prompt: options.prompt,
    path,
    batch: options.batch,
  })
  await rememberOwn(repo, id)
  try {
    const place = await addPlace(repo, id, { path, branch: tip.snapshot.branch })
    return { tip, worktree: place.path, base, isRedacted: prompt !== options.prompt, agentProblem }
  } catch (error) {
    await takeBack(repo, tip, base.oid)
    throw error
  }
}

/**
 * An agent that is not installed is told of now and matters only when it is to run.
 * @throws AmpError when no agent has that name, or its settings make no sense
 */
async function findProblem(
  repo: Repo,
  config: Config,
  { agent, isSetting }: { agent: string; isSetting: boolean },
): Promise<AmpError | null> {
  const known = allAgentNames(config)
  if (isSetting && !known.includes(agent)) throw badValue('amp.agent', agent, ...unknownAgent(agent, known).hints)
  findAgent(config, agent)
  try {
    await openAgent(repo.host, config, agent)
    return null
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    return error
  }
}

/** The name that is given, else the first line of the prompt. */
function nameOf(options: Pick<NewOptions, 'prompt' | 'name'>): string {
  if (options.prompt.trim() === '') throw fatal('the prompt is empty', 'Say what to do with -m <prompt>, or -F <file>.')
  if (options.name !== undefined) return cleanName(options.name)
  // The dash or the number sign of a list or a heading is no part of it.
  return oneLineName(firstLine(options.prompt).replace(/^[-*+#>\s]+/, '')) || 'session'
}

async function resolveBase(repo: Repo, revision: string | undefined): Promise<Base> {
  const place = repo.in(repo.location.topLevel ?? repo.location.gitDir)
  const wanted = revision ?? (await repo.config()).get('amp.base') ?? 'HEAD'
  const [oid, ref] = await Promise.all([resolveCommit(place, wanted), fullRef(place, wanted)])
  if (oid !== null) return { ref, oid }
  if (wanted !== 'HEAD') {
    const setting = revision === undefined ? ' (from amp.base)' : ''
    throw fatal(`the base '${wanted}'${setting} is no commit`, 'Name a branch or commit with --base <revision>.')
  }
  throw fatal(
    'this repository has no commit yet, and a session starts from one',
    `Run "git commit --allow-empty -m 'Initial commit'".`,
  )
}

interface NewFacts {
  id: string
  name: string
  slug: string
  base: Base
  agent: string
  model: string | undefined
  test: string | undefined
  prompt: string
  /** Where the worktree goes. */
  path: string
  batch: string | undefined
}

async function recordNew(repo: Repo, facts: NewFacts): Promise<ChainTip> {
  const prefix = (await repo.config()).get('amp.branchPrefix') ?? 'amp/'
  await checkPrefix(repo, prefix)
  const { id, path, ...data } = facts
  const stem = `${prefix}${facts.slug}/${timestamp(repo.host.now())}`
  for (let number = 1; number <= branchTries; number++) {
    const branch = number === 1 ? stem : `${stem}-${number}`
    const { model, test, batch, ...rest } = data
    const created = {
      ...rest,
      branch,
      ...(model === undefined ? {} : { model }),
      ...(test === undefined ? {} : { test }),
      ...(batch === undefined ? {} : { batch }),
    }
    const step: Step = {
      subject: `amp(${facts.slug}): session created from ${facts.base.ref?.replace(/^refs\/heads\//, '') ?? facts.base.oid.slice(0, 12)}`,
      events: [{ type: 'session.created', data: created }],
      code: [facts.base.oid],
      moves: [{ ref: branchRef(branch), old: null, new: facts.base.oid }],
      operation: { id: repo.newId(), command: 'new', worktrees: [{ path, before: null, after: 'clean' }] },
    }
    try {
      const recorded = await transact(repo, async () => ({
        prepared: await beginChain(repo, await repo.writer(), { ...(await redacted(repo, step)), id }),
        step,
      }))
      if (recorded !== null) return recorded.tip
    } catch (error) {
      if (error instanceof RefMoved && error.refs.includes(branchRef(branch))) continue
      throw (await blockedBy(repo, `${prefix}${facts.slug}`)) ?? error
    }
  }
  throw fatal(`branches like '${stem}' are all taken`, 'Choose another name with --name <name>.')
}

/** The default needs no look; a prefix of the user's own must make valid names. */
async function checkPrefix(repo: Repo, prefix: string): Promise<void> {
  if (prefix === 'amp/') return
  const probe = await repo.git.run(['check-ref-format', branchRef(`${prefix}x`)], { ok: [0, 1] }) // 1: it is no ref name
  if (probe.code !== 0)
    throw badValue('amp.branchPrefix', prefix, 'It makes no valid branch names. Set it to something like "amp/".')
}

/** A branch `amp` blocks every branch `amp/...`, and a branch `amp/<slug>` those of this slug. */
async function blockedBy(repo: Repo, stem: string): Promise<AmpError | null> {
  const parts = stem.split('/')
  for (let length = 1; length <= parts.length; length++) {
    const name = parts.slice(0, length).join('/')
    if (name === '' || (await repo.refs.read(branchRef(name))) === null) continue
    const cure =
      length === parts.length
        ? 'Choose another name with --name <name>,'
        : 'Choose another prefix with "git config amp.branchPrefix sessions/",'
    return fatal(
      `the branch '${name}' exists, so no branch '${name}/...' can be made`,
      cure,
      `or rename the branch with "git branch -m ${name} ${name}-old".`,
    )
  }
  return null
}

/** `yyyymmdd-HHMMss` in UTC. */
const timestamp = (now: Date): string => now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)

/**
 * Takes back what was made of a session that never came to life. A worktree is removed only when it is the one on the session's branch:
 * something else may stand at the path. The operation stays in the log, where nothing refers to it.
 */
async function takeBack(repo: Repo, tip: ChainTip, base: Oid): Promise<void> {
  repo.forgetWorktrees()
  const made = (await repo.worktrees()).find((worktree) => worktree.branch === tip.snapshot.branch)
  if (made !== undefined) await repo.git.run(['worktree', 'remove', '--force', '--', made.path])
  await repo.refs.update(
    [
      { ref: sessionRef(tip.id), old: tip.oid, new: null },
      { ref: branchRef(tip.snapshot.branch), old: base, new: null },
    ],
    'amp: new failed',
  )
}
