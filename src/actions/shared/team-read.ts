import { findAdapter } from '../../agent/registry.js'
import { isModelName } from '../../agent/values.js'
import { type MergeStyle, mergeStyles, type SetupMode, setupModes } from '../../util/choices.js'
import { splitWords } from '../../util/words.js'
import { mostPorts, teamFile } from './team.js'
import { type Node, type Problem, YamlText } from './yaml-text.js'

/** An agent as the team names it: one that every git-amp knows, or one of its own, with the command that starts it. */
export interface TeamAgent {
  name: string
  command?: string
  model?: string
}

/** What `.amp.yaml` can say. `git config amp.*` of the same name wins. */
export interface Team {
  agent?: TeamAgent
  base?: string
  copy?: readonly string[]
  mergeStyle?: MergeStyle
  ports?: number
  setup?: string
  setupMode?: SetupMode
  test?: string
}

const teamKeys = ['agent', 'base', 'copy', 'mergeStyle', 'ports', 'setup', 'setupMode', 'test'] as const

/** Reads `.amp.yaml`, and finds all that is wrong with it. */
export async function readTeam(text: string): Promise<{ team: Team; problems: Problem[] }> {
  const source = await YamlText.parse(text, { what: teamFile, most: 1 })
  if (source.problems.length > 0 || source.isEmpty) return { team: {}, problems: source.problems }
  const top = source.map(source.root, teamKeys, teamFile)
  const found = {
    agent: agentOf(source, top.get('agent')),
    base: source.text(top.get('base'), 'base')?.value,
    copy: patterns(source, top.get('copy')),
    mergeStyle: source.choice(top.get('mergeStyle'), 'mergeStyle', mergeStyles)?.value,
    ports: ports(source, top.get('ports')),
    setup: source.text(top.get('setup'), 'setup')?.value,
    setupMode: source.choice(top.get('setupMode'), 'setupMode', setupModes)?.value,
    test: source.text(top.get('test'), 'test')?.value,
  }
  const team = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
  const problems = [...source.problems].sort((a, b) => a.line - b.line || a.column - b.column)
  return { team, problems }
}

function agentOf(source: YamlText, node: Node | undefined): TeamAgent | undefined {
  if (node === undefined) return undefined
  const map = source.isMap(node) ? source.map(node, ['name', 'command', 'model'], 'agent') : new Map([['name', node]])
  if (!map.has('name')) source.say(source.at(node), 'the agent has no name', "Add 'name'.")
  const name = source.text(map.get('name'), 'agent')
  const command = source.text(map.get('command'), 'command')
  const model = source.text(map.get('model'), 'model')
  if (model !== undefined && !isModelName(model.value)) source.say(model, `'${model.value}' is no name of a model`)
  if (command !== undefined && splitWords(command.value) === null)
    source.say(command, 'command has a quote that is not closed')
  if (name === undefined) return undefined
  if (!/^[A-Za-z0-9][\w-]{0,39}$/.test(name.value))
    source.say(name, 'the name of an agent is a word of letters, digits, and - _')
  else if (name.value === 'shell')
    source.say(
      name,
      'a repository cannot choose the agent shell: it runs every prompt as a program',
      'Choose it for yourself with "git config amp.agent shell".',
    )
  else if (command !== undefined && findAdapter(name.value) !== null)
    source.say(command, `${name.value} is known, and its command is the user's to set`, 'Give the agent another name.')
  return {
    name: name.value,
    ...(command === undefined ? {} : { command: command.value }),
    ...(model === undefined ? {} : { model: model.value }),
  }
}

/** One pattern, or a list of them. */
function patterns(source: YamlText, node: Node | undefined): string[] | undefined {
  if (node === undefined) return undefined
  const nodes = source.isList(node) ? source.list(node, 'copy') : [node]
  return nodes.flatMap((one) => {
    const pattern = source.text(one, 'a pattern of copy')
    if (pattern === undefined) return []
    if (/[\n\0]/.test(pattern.value)) source.say(pattern, 'a pattern is one line')
    if (pattern.value.split('/').includes('..')) source.say(pattern, "a pattern cannot leave the repository by '..'")
    return [pattern.value]
  })
}

function ports(source: YamlText, node: Node | undefined): number | undefined {
  const count = source.count(node, 'ports', 1)
  if (count === undefined || count.value <= mostPorts) return count?.value
  source.say(count, `ports can be ${mostPorts} at most`)
  return undefined
}
