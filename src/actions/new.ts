import { allAgentNames, checkModel, defaultAgent, findAgent, unknownAgent } from '../agent/registry.js'
import { AmpError, fatal } from '../errors.js'
import { badValue } from '../git/config.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { beginChain, type ChainTip } from '../state/chain.js'
import { firstLine } from '../state/fold.js'
import { branchRef, sessionRef } from '../state/names.js'
import { RefMoved } from '../state/storage.js'
import { slugOf } from '../util/slug.js'
import { openTeamAgent } from './shared/agent.js'
import { type Base, resolveBase } from './shared/base.js'
import { cleanName, oneLineName } from './shared/name.js'
import { addPlace, type Place, worktreePath } from './shared/place.js'
import { redacted, type Step, transact } from './shared/record.js'
import { rememberSparse } from './shared/sparse.js'
import { teamAt } from './shared/team.js'
import type { Team } from './shared/team-read.js'
import { rememberOwn } from './shared/trust.js'
import { warmUp, wishFor } from './shared/warm.js'

export type { Base } from './shared/base.js'

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
  /** Check out these directories alone. */
  sparse?: readonly string[] | undefined
  /** Copy no ignored files and run no setup command. */
  isCold?: boolean | undefined
  /** The session is there, and its worktree is prepared next. */
  onMade?: ((made: NewResult) => void) | undefined
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
  const base = options.from ?? (await resolveBase(repo, options.base))
  const team = await teamAt(repo, base.oid)
  const setting = config.get('amp.agent')
  const agent = options.agent ?? setting ?? team.agent?.name ?? defaultAgent
  const isSetting = options.agent === undefined && setting !== null
  const wish = options.isCold === true ? null : await wishFor(repo, base.oid, { revision: options.base })
  await checkSparse(repo, base.oid, options.sparse)
  const agentProblem = await findProblem(repo, { agent, isSetting, team, base: base.oid, revision: options.base })
  const redact = await repo.redactor()
  const prompt = redact(options.prompt)
  // Name and branch come out of the prompt: they must not tell what it may not.
  const name = nameOf({ prompt, name: options.name === undefined ? undefined : redact(options.name) })
  const test = options.test ?? (config.get('amp.test') || undefined)
  const teamModel = team.agent?.name === agent ? team.agent.model : undefined
  const model = options.model ?? config.get(`amp.agent.${agent}.model`) ?? teamModel
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
  let place: Place
  try {
    if (options.sparse !== undefined) await rememberSparse(repo, id, options.sparse)
    place = await addPlace(repo, id, { path, branch: tip.snapshot.branch })
  } catch (error) {
    await takeBack(repo, tip, base.oid)
    throw error
  }
  const result = { tip, worktree: place.path, base, isRedacted: prompt !== options.prompt, agentProblem }
  options.onMade?.(result)
  if (wish !== null) await warmUp(repo, { tip, place, wish })
  return result
}

/** @throws AmpError when the base has no such directory */
async function checkSparse(repo: Repo, base: Oid, dirs: readonly string[] = []): Promise<void> {
  for (const dir of dirs) {
    const isPlain = !/[\n\0]/.test(dir) && dir.split('/').every((part) => part !== '..' && part !== '.' && part !== '')
    const found = isPlain ? await repo.catFile.read(`${base}:${dir}`) : null
    if (found?.type !== 'tree')
      throw fatal(
        `there is no directory '${dir}' in the base`,
        'Name it from the top of the repository, as "src/parser".',
      )
  }
}

/**
 * An agent that is not installed is told of now and matters only when it is to run.
 * @throws AmpError when no agent has that name, or its settings make no sense
 */
async function findProblem(
  repo: Repo,
  wanted: { agent: string; isSetting: boolean; team: Team; base: Oid; revision: string | undefined },
): Promise<AmpError | null> {
  const { agent, isSetting, team, ...where } = wanted
  const config = await repo.config()
  const known = allAgentNames(config)
  const isOfTeam = team.agent?.name === agent && team.agent.command !== undefined && !known.includes(agent)
  if (isSetting && !isOfTeam && !known.includes(agent))
    throw badValue('amp.agent', agent, ...unknownAgent(agent, known).hints)
  if (!isOfTeam) findAgent(config, agent)
  try {
    await openTeamAgent(repo, agent, where)
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
