import { type Located, type Node, type Position, type Problem, YamlText } from '../shared/yaml-text.js'

/** What an item can say, and the defaults of all items. */
export interface ItemOptions {
  baseBranch?: Located<string> | undefined
  scriptCommand?: Located<string> | undefined
  agent?: Located<string> | undefined
  model?: Located<string> | undefined
  timeoutSec?: Located<number> | undefined
  retries?: Located<number> | undefined
  mergeOnPass?: Located<boolean> | undefined
  maxIterations?: Located<number> | undefined
  maxCost?: Located<number> | undefined
  jsonLogs?: Located<boolean> | undefined
}

/** The prompt of an item, or the file that it is in. */
export type PromptSource = { text: Located<string> } | { file: Located<string> }

/** An item as the plan says it, before anything outside of the plan was looked at. */
export interface Draft extends ItemOptions, Position {
  repo: Located<string>
  /** Null when what it says is wrong: the rest is looked at all the same. */
  prompt: PromptSource | null
  name?: Located<string> | undefined
  attempts: number
}

/** A plan as it is written. */
export interface DraftPlan {
  runId?: string | undefined
  concurrency?: number | undefined
  perRepository?: number | undefined
  /** Of the whole run. */
  timeoutSec?: number | undefined
  maxCost?: number | undefined
  items: Draft[]
}

const optionKeys: readonly (keyof ItemOptions)[] = [
  'baseBranch',
  'scriptCommand',
  'model',
  'agent',
  'timeoutSec',
  'retries',
  'mergeOnPass',
  'maxIterations',
  'maxCost',
  'jsonLogs',
]
const crossKeys = ['repos', 'prompts', 'agents', 'models', 'attempts'] as const
const planKeys = ['runId', 'concurrency', 'perRepository', 'timeoutSec', 'maxCost', 'defaults', 'matrix', ...crossKeys]
const rowKeys = ['repo', 'prompt', 'promptFile', 'name', 'attempts', ...optionKeys]
const maxAttempts = 100

/**
 * Reads a plan: its items, those of the matrix first and then the cross product, each with the defaults filled in.
 * @returns the plan as far as it could be read, and all that is wrong with it
 */
export async function readPlan(text: string): Promise<{ plan: DraftPlan; problems: Problem[] }> {
  const source = await YamlText.parse(text, { what: 'the plan', most: 32 })
  const plan: DraftPlan = { items: [] }
  if (source.problems.length > 0) return { plan, problems: source.problems }
  const top = source.map(source.root, planKeys, 'the plan')
  plan.runId = runId(source, top.get('runId'))
  plan.concurrency = source.count(top.get('concurrency'), 'concurrency', 1)?.value
  plan.perRepository = source.count(top.get('perRepository'), 'perRepository', 1)?.value
  plan.timeoutSec = source.count(top.get('timeoutSec'), 'timeoutSec', 1)?.value
  plan.maxCost = source.dollars(top.get('maxCost'), 'maxCost')?.value
  const defaultsNode = top.get('defaults')
  const defaults = defaultsNode === undefined ? {} : options(source, source.map(defaultsNode, optionKeys, 'defaults'))
  const matrix = top.get('matrix')
  if (matrix !== undefined) plan.items.push(...rows(source, matrix, defaults))
  if (crossKeys.some((key) => top.has(key))) plan.items.push(...crossProduct(source, top, defaults))
  else if (matrix === undefined)
    source.say(source.at(source.root), 'the plan has no items', "It needs a 'matrix', or 'repos' and 'prompts'.")
  return { plan, problems: source.problems }
}

function runId(source: YamlText, node: Node | undefined): string | undefined {
  const id = source.text(node, 'runId')
  if (id === undefined || /^[A-Za-z0-9_][\w.-]{0,99}$/.test(id.value)) return id?.value
  source.say(id, 'runId must be a word of letters, digits, and - _ .')
  return undefined
}

function options(source: YamlText, map: ReadonlyMap<string, Node>): ItemOptions {
  const found: ItemOptions = {
    baseBranch: source.text(map.get('baseBranch'), 'baseBranch'),
    scriptCommand: source.text(map.get('scriptCommand'), 'scriptCommand'),
    model: source.text(map.get('model'), 'model'),
    agent: source.text(map.get('agent'), 'agent'),
    timeoutSec: source.count(map.get('timeoutSec'), 'timeoutSec', 1),
    retries: source.count(map.get('retries'), 'retries', 0),
    mergeOnPass: source.flag(map.get('mergeOnPass'), 'mergeOnPass'),
    maxIterations: source.count(map.get('maxIterations'), 'maxIterations', 1),
    maxCost: source.dollars(map.get('maxCost'), 'maxCost'),
    jsonLogs: source.flag(map.get('jsonLogs'), 'jsonLogs'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

function rows(source: YamlText, matrix: Node, defaults: ItemOptions): Draft[] {
  const drafts: Draft[] = []
  for (const node of source.list(matrix, 'matrix')) {
    const row = source.map(node, rowKeys, 'an item of the matrix')
    const where = source.at(node)
    if (!row.has('repo') && source.isMap(node)) source.say(where, 'the item names no repository', "Add 'repo'.")
    const repo = source.text(row.get('repo'), 'repo')
    const prompt = source.isMap(node) ? promptOf(source, row, where) : null
    const own = options(source, row)
    const name = source.text(row.get('name'), 'name')
    const attempts = source.count(row.get('attempts'), 'attempts', 1)?.value ?? 1
    if (repo !== undefined)
      drafts.push({ ...defaults, ...own, ...where, repo, prompt, name, attempts: few(source, row, attempts) })
  }
  return drafts
}

function few(source: YamlText, row: ReadonlyMap<string, Node>, attempts: number): number {
  if (attempts > maxAttempts)
    source.say(source.at(row.get('attempts') ?? null), `attempts can be ${maxAttempts} at most`)
  return Math.min(attempts, maxAttempts)
}

/** Exactly one of `prompt` and `promptFile`. */
function promptOf(source: YamlText, map: ReadonlyMap<string, Node>, where: Position): PromptSource | null {
  const text = source.text(map.get('prompt'), 'prompt')
  const file = source.text(map.get('promptFile'), 'promptFile')
  if (map.has('prompt') && map.has('promptFile'))
    source.say(source.at(map.get('promptFile') ?? null), "'prompt' and 'promptFile' exclude each other")
  else if (!map.has('prompt') && !map.has('promptFile'))
    source.say(where, 'the item has no prompt', "Add 'prompt' or 'promptFile'.")
  return text !== undefined ? { text } : file !== undefined ? { file } : null
}

interface Chosen {
  agent?: Located<string> | undefined
  model?: Located<string> | undefined
}

/** Every repository with every prompt, agent and model; repositories turn fastest, so that the work is spread. */
function crossProduct(source: YamlText, top: ReadonlyMap<string, Node>, defaults: ItemOptions): Draft[] {
  for (const key of ['repos', 'prompts'])
    if (!top.has(key)) source.say(source.at(source.root), `a cross product needs '${key}'`)
  const each = <T>(key: string, read: (node: Node) => T | null | undefined): T[] =>
    top.has(key)
      ? source.list(top.get(key) ?? null, key).flatMap((node) => {
          const one = read(node)
          return one === null || one === undefined ? [] : [one]
        })
      : []
  const repos = each('repos', (node) => source.text(node, 'a repository'))
  const prompts = each('prompts', (node) => promptEntry(source, node))
  const models = each('models', (node) => source.text(node, 'a model'))
  const agents = each<Chosen>('agents', (node) => agentEntry(source, node))
  const attempts = few(source, top, source.count(top.get('attempts'), 'attempts', 1)?.value ?? 1)
  const choices = (agents.length === 0 ? [{}] : agents).flatMap((one): Chosen[] =>
    one.model !== undefined || models.length === 0 ? [one] : models.map((model) => ({ ...one, model })),
  )
  return prompts.flatMap(({ prompt, name }) =>
    choices.flatMap((choice) =>
      repos.map((repo) => ({
        ...defaults,
        ...choice,
        line: repo.line,
        column: repo.column,
        repo,
        prompt,
        name,
        attempts,
      })),
    ),
  )
}

function promptEntry(
  source: YamlText,
  node: Node,
): { prompt: PromptSource | null; name?: Located<string> | undefined } {
  if (!source.isMap(node)) {
    const text = source.text(node, 'a prompt')
    return { prompt: text === undefined ? null : { text } }
  }
  const map = source.map(node, ['name', 'prompt', 'promptFile'], 'a prompt')
  const prompt = promptOf(source, map, source.at(node))
  return { prompt, name: source.text(map.get('name'), 'name') }
}

function agentEntry(source: YamlText, node: Node): Chosen | null {
  if (!source.isMap(node)) {
    const agent = source.text(node, 'an agent')
    return agent === undefined ? null : { agent }
  }
  const map = source.map(node, ['agent', 'model'], 'an agent')
  if (!map.has('agent')) source.say(source.at(node), 'the entry names no agent', "Add 'agent'.")
  const chosen = { agent: source.text(map.get('agent'), 'agent'), model: source.text(map.get('model'), 'model') }
  return chosen.agent === undefined
    ? null
    : Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined))
}
