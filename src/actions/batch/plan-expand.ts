import { createHash } from 'node:crypto'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { allAgentNames, checkModel, defaultAgent } from '../../agent/registry.js'
import { AmpError } from '../../errors.js'
import type { Config } from '../../git/config.js'
import { fullRef, resolveCommit } from '../../git/history.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { maxItems } from '../../state/event-shape.js'
import { closest } from '../../util/closest.js'
import { groupBy } from '../../util/collections.js'
import { systemWords } from '../../util/system.js'
import { openTeamAgent } from '../shared/agent.js'
import { teamBase } from '../shared/base.js'
import { here, ownClone } from '../shared/lease.js'
import { teamAt } from '../shared/team.js'
import type { Team } from '../shared/team-read.js'
import type { Position, Problem } from '../shared/yaml-text.js'
import { cloneDir, ensureClone, followRemote, isUrl, tryUrl, withoutPassword } from './cache.js'
import type { Plan, PlanItem } from './plan.js'
import { type Draft, type DraftPlan, readPlan } from './plan-read.js'
import type { Repos } from './repos.js'

/** Where a plan comes from. */
export interface PlanSource {
  text: string
  /** Its file; null for standard input. */
  file: string | null
}

export interface PlannedRun {
  plan: Plan
  problems: Problem[]
  /** Prompts that hold a secret, as they are written, by the number of their item; they are kept without it. */
  prompts: ReadonlyMap<number, string>
}

const defaultConcurrency = 4
const defaultRetries = 2

/**
 * Reads a plan and looks up everything that it names: repositories, base commits, agents, files. All problems are found, not only the first.
 * @param how `dryRun`: nothing is cloned and nothing written
 */
export async function planBatch(
  home: Repo,
  source: PlanSource,
  how: { repos: Repos; dryRun: boolean; jobs?: number | undefined; onClone?: ((url: string) => void) | undefined },
): Promise<PlannedRun> {
  const { plan: draft, problems } = await readPlan(source.text)
  const work: Work = { home, source, ...how, problems }
  const items = await expand(work, draft)
  const { plan, prompts } = number(items)
  const first = { line: 1, column: 1 }
  if (plan.length > maxItems)
    problems.push({ ...first, message: `the plan has ${plan.length} items, and ${maxItems} is the most` })
  const config = await home.config()
  const concurrency = how.jobs ?? draft.concurrency ?? config.count('amp.jobs') ?? defaultConcurrency
  return {
    plan: {
      name: draft.runId ?? (source.file === null ? 'batch' : basename(source.file).replace(/\.[a-z]+$/i, '')),
      concurrency,
      perRepository: draft.perRepository ?? concurrency,
      ...(draft.timeoutSec === undefined ? {} : { timeoutMs: draft.timeoutSec * 1000 }),
      ...(draft.maxCost === undefined ? {} : { maxCost: draft.maxCost }),
      items: plan,
    },
    problems: [...problems].sort((a, b) => a.line - b.line || a.column - b.column),
    prompts,
  }
}

interface Work {
  home: Repo
  source: PlanSource
  repos: Repos
  dryRun: boolean
  problems: Problem[]
  onClone?: ((url: string) => void) | undefined
}

/** Says what is wrong at a place, and what may help. */
function complain(
  { problems }: Work,
  { line, column }: Position,
  words: readonly [string, (string | undefined)?],
): void {
  const [message, hint] = words
  // A place of a cross product is looked at for each of its items.
  if (problems.some((one) => one.line === line && one.column === column && one.message === message)) return
  problems.push({ line, column, message, ...(hint === undefined ? {} : { hint }) })
}

/** An item before it has its number; `identity` is the clone that it works in. */
type Unnumbered = Omit<PlanItem, 'n' | 'key' | 'attempt'> & { identity: string; attempts: number; written: string }

async function expand(work: Work, draft: DraftPlan): Promise<Unnumbered[]> {
  const prompts = await readPrompts(work, draft)
  const byRepo = groupBy(draft.items, ({ repo }) => repo.value)
  const found = new Map<Draft, Unnumbered>()
  for (const [name, drafts] of byRepo) {
    const [first] = drafts as [Draft, ...Draft[]]
    try {
      const { shown, dir, isClone } = await locate(work, name)
      if (dir === null) {
        for (const one of drafts) found.set(one, unlocated(one, { shown, prompt: promptOf(one, prompts) ?? '' }))
        continue
      }
      await work.repos.use(dir, async (repo) => {
        const known = await lookAt(work, repo, { drafts, isClone })
        for (const one of drafts) {
          const prompt = promptOf(one, prompts)
          const item = await known(one, { shown, dir, prompt: prompt ?? '' })
          if (item !== null && prompt !== null) found.set(one, item)
        }
      })
    } catch (error) {
      if (!(error instanceof AmpError)) throw error
      complain(work, first.repo, [
        error.message.startsWith('not a git') ? `'${name}' is no git repository` : error.message,
        error.hints[0]?.startsWith('Did you') ? error.hints[0] : undefined,
      ])
    }
  }
  return draft.items.flatMap((one) => found.get(one) ?? [])
}

async function readPrompts(work: Work, draft: DraftPlan): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  const tried = new Set<string>()
  for (const { prompt } of draft.items) {
    if (prompt === null || !('file' in prompt) || tried.has(prompt.file.value)) continue
    tried.add(prompt.file.value)
    try {
      const text = await work.home.host.fs.readFile(fromPlan(work, prompt.file.value), 'utf8')
      if (text.trim() === '') complain(work, prompt.file, [`the file '${prompt.file.value}' is empty`])
      else texts.set(prompt.file.value, text.trimEnd())
    } catch (error) {
      complain(work, prompt.file, [
        `cannot read '${prompt.file.value}': ${systemWords(error)}`,
        await neighbours(work, fromPlan(work, prompt.file.value)),
      ])
    }
  }
  return texts
}

const promptOf = ({ prompt }: Draft, files: ReadonlyMap<string, string>): string | null =>
  prompt === null ? null : 'text' in prompt ? prompt.text.value : (files.get(prompt.file.value) ?? null)

/** Paths are relative to the plan, and to the current directory when it comes from standard input. */
function fromPlan({ home, source }: Work, path: string): string {
  const { cwd, env } = home.host
  if (path === '~' || path.startsWith('~/')) return join(env.HOME ?? '', path.slice(2))
  return isAbsolute(path) ? path : resolve(source.file === null ? cwd : dirname(resolve(cwd, source.file)), path)
}

/** Something of nearly that name beside it. */
async function neighbours({ home }: Work, path: string): Promise<string | undefined> {
  const names = await home.host.fs.readdir(dirname(path)).catch((): string[] => [])
  const [similar] = closest(basename(path), names)
  return similar === undefined ? undefined : `Did you mean '${similar}'?`
}

/** The directory of a repository; null for one that would have to be cloned. */
async function locate(work: Work, name: string): Promise<{ shown: string; dir: string | null; isClone: boolean }> {
  const { home } = work
  if (!isUrl(name)) {
    const path = fromPlan(work, name)
    const stat = await home.host.fs.stat(path).catch(() => null)
    if (stat?.isDirectory() === true) return { shown: path, dir: path, isClone: false }
    const hint = await neighbours(work, path)
    throw new AmpError('fatal', `there is no directory '${name}'`, { hints: hint === undefined ? [] : [hint] })
  }
  const shown = (await home.redactor())(withoutPassword(name))
  if (work.dryRun) {
    const dir = await cloneDir(home, name)
    const isThere = (await home.host.fs.stat(dir).catch(() => null)) !== null
    await tryUrl(home, name)
    return { shown, dir: isThere ? dir : null, isClone: true }
  }
  work.onClone?.(shown)
  return { shown, dir: await ensureClone(home, name), isClone: true }
}

/** What every item of a draft has, wherever it is. */
const common = (draft: Draft) => ({
  ...(draft.name === undefined ? {} : { name: draft.name.value }),
  ...(draft.scriptCommand === undefined ? {} : { script: draft.scriptCommand.value }),
  ...(draft.timeoutSec === undefined ? {} : { timeoutMs: draft.timeoutSec.value * 1000 }),
  ...(draft.maxCost === undefined ? {} : { maxCost: draft.maxCost.value }),
  retries: draft.retries?.value ?? defaultRetries,
  mergeOnPass: draft.mergeOnPass?.value ?? false,
  maxIterations: draft.maxIterations?.value ?? 1,
  attempts: draft.attempts,
})

const unlocated = (draft: Draft, { shown, prompt }: { shown: string; prompt: string }): Unnumbered => ({
  ...common(draft),
  repo: shown,
  dir: '',
  base: { ref: draft.baseBranch?.value ?? null, oid: '' },
  prompt,
  written: prompt,
  agent: draft.agent?.value ?? defaultAgent,
  ...(draft.model === undefined ? {} : { model: draft.model.value }),
  identity: '',
})

type Known = (draft: Draft, item: { shown: string; dir: string; prompt: string }) => Promise<Unnumbered | null>

/** Looks up what the items of one repository need there, each once. */
async function lookAt(
  work: Work,
  repo: Repo,
  { drafts, isClone }: { drafts: readonly Draft[]; isClone: boolean },
): Promise<Known> {
  const [first] = drafts as [Draft, ...Draft[]]
  if (repo.location.isBare)
    throw new AmpError(
      'fatal',
      `'${withoutPassword(first.repo.value)}' is a bare repository, which has no worktrees to run an agent in`,
    )
  const config = await repo.config()
  const identity = work.dryRun ? ((await here(repo)).clone ?? '') : await ownClone(repo)
  await repo.stamp()
  const [homeRedact, redact] = await Promise.all([work.home.redactor(), repo.redactor()])
  const bases = new Map<string, { ref: string | null; oid: Oid } | null>()
  const agents = new Map<string, boolean>()
  return async (draft, { shown, dir, prompt: written }) => {
    const wanted = draft.baseBranch?.value ?? ''
    if (!bases.has(wanted)) bases.set(wanted, await findBase(work, repo, { draft, config, isClone }))
    const base = bases.get(wanted) ?? null
    const team = base === null ? {} : await teamFor(work, repo, { base: base.oid, where: draft.repo })
    const agent = draft.agent?.value ?? config.get('amp.agent') ?? team?.agent?.name ?? defaultAgent
    const key = `${base?.oid} ${agent}`
    if (!agents.has(key) && team !== null)
      agents.set(key, await isUsable(work, repo, { base: base?.oid ?? null, agent, where: draft.agent ?? draft.repo }))
    const teamModel = team?.agent?.name === agent ? team.agent.model : undefined
    const model = draft.model?.value ?? config.get(`amp.agent.${agent}.model`) ?? teamModel
    const isGood = agents.get(key) === true && isModel(work, model, draft.model ?? draft)
    if (base === null || !isGood) return null
    if (draft.mergeOnPass?.value === true && base.ref?.startsWith('refs/heads/') !== true) {
      complain(work, draft.baseBranch ?? draft.repo, [
        `what passes cannot be merged: '${wanted === '' ? draft.repo.value : wanted}' is ${wanted === '' ? 'on no branch' : 'no branch'}`,
        "Name a branch with 'baseBranch', or leave 'mergeOnPass' out.",
      ])
      return null
    }
    const prompt = redact(homeRedact(written))
    return {
      ...common(draft),
      repo: shown,
      dir,
      base,
      prompt,
      written,
      agent,
      ...(model === undefined ? {} : { model }),
      identity,
    }
  }
}

async function findBase(
  work: Work,
  repo: Repo,
  { draft, config, isClone }: { draft: Draft; config: Config; isClone: boolean },
): Promise<{ ref: string | null; oid: Oid } | null> {
  const name = draft.baseBranch?.value ?? config.get('amp.base') ?? 'HEAD'
  const where = draft.baseBranch ?? draft.repo
  const place = repo.in(repo.location.topLevel ?? repo.location.gitDir)
  if (isClone && !work.dryRun) {
    const branch = name === 'HEAD' ? ((await fullRef(place, 'HEAD'))?.replace(/^refs\/heads\//, '') ?? null) : name
    if (branch !== null) await followRemote(repo, branch)
  }
  const [oid, ref] = await Promise.all([resolveCommit(place, name), fullRef(place, name)])
  if (oid !== null) return name === 'HEAD' ? teamBase(repo, { ref, oid }) : { ref, oid }
  if (name === 'HEAD') {
    complain(work, where, [`'${withoutPassword(draft.repo.value)}' has no commit yet, and a session starts from one`])
    return null
  }
  const branches = (await repo.git.text(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads'])).split('\n')
  const [similar] = closest(
    name,
    branches.filter((one) => one !== '' && !one.startsWith('amp/')),
  )
  complain(work, where, [
    `'${name}' is no branch or commit of '${withoutPassword(draft.repo.value)}'`,
    similar === undefined ? undefined : `Did you mean '${similar}'?`,
  ])
  return null
}

/** What the team says in the base; null when its file is wrong. */
async function teamFor(work: Work, repo: Repo, { base, where }: { base: Oid; where: Position }): Promise<Team | null> {
  try {
    return await teamAt(repo, base)
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    complain(work, where, [error.message, error.hints[0]])
    return null
  }
}

async function isUsable(
  work: Work,
  repo: Repo,
  { base, agent, where }: { base: Oid | null; agent: string; where: Position },
): Promise<boolean> {
  try {
    await openTeamAgent(repo, agent, { base })
    return true
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    const [similar] = closest(
      agent,
      allAgentNames(await repo.config()).filter((name) => name !== agent),
    )
    complain(work, where, [error.message, similar === undefined ? error.hints[0] : `Did you mean '${similar}'?`])
    return false
  }
}

function isModel(work: Work, model: string | undefined, where: Position): boolean {
  try {
    checkModel(model)
    return true
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    complain(work, where, [error.message])
    return false
  }
}

/** Gives each item its number and key. What is said twice is another attempt at the same. */
function number(items: readonly Unnumbered[]): { plan: PlanItem[]; prompts: Map<number, string> } {
  const plan: PlanItem[] = []
  const prompts = new Map<number, string>()
  const tries = new Map<string, number>()
  for (const { identity, attempts, written, ...item } of items) {
    const what = [identity === '' ? item.repo : identity, item.base.oid, item.prompt, item.agent, item.model ?? '']
    for (let one = 0; one < attempts; one++) {
      const same = JSON.stringify(what)
      const attempt = (tries.get(same) ?? 0) + 1
      tries.set(same, attempt)
      const key = identity === '' ? '' : digest([...what, `${attempt}`])
      plan.push({ n: plan.length + 1, key, ...item, attempt })
      if (written !== item.prompt) prompts.set(plan.length, written)
    }
  }
  return { plan, prompts }
}

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
