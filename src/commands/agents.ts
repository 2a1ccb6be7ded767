import { Command, Option } from 'clipanion'
import { listAgents } from '../actions/agents.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { agentFields, agentValues, renderAgents } from '../render/agents.js'
import { porcelain } from '../render/json.js'
import { compileFormat } from '../util/format.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp agents` */
export class AgentsCommand extends AmpCommand {
  static override paths = [['agents']]
  static override kinds = { '--porcelain': 'v1|' }
  static override usage = Command.Usage({
    category: 'Set up and learn',
    description: 'List the coding agents that can be used here',
    details: `
      Shows each agent with its version, whether there is a login and where its program is. \`*\` marks the one that new sessions use (\`amp.agent\`). A
      login is told by the files and variables that the agent keeps it in: nobody is asked over the network, so an expired one counts.

      Any program that reads a prompt on standard input becomes an agent with \`git config amp.agent.<name>.command <command>\`: a command line with
      quotes, or one value for each word; no shell is involved. It runs in the worktree and finds \`GIT_AMP_SESSION\`, \`GIT_AMP_ITERATION\`,
      \`GIT_AMP_PROMPT_FILE\` and \`GIT_AMP_MODEL\` in its environment. What it prints is kept as text, and understood when it is the JSON stream of one
      of the known agents. With \`amp.agent.<name>.resume\`, a command line with \`{thread}\` in it, it continues its thread. For a known agent the
      command replaces the program and what comes first after it.

      \`amp.agent.<name>.env\` (\`NAME=value\`, several), \`amp.agent.<name>.model\` and \`amp.agent.<name>.approve\` are for any agent.

      Fields of \`--format\` are those of \`--porcelain\`: ${agentFields.map((field) => `\`${field}\``).join(', ')}.
    `,
    examples: [
      ['The agents of this machine', 'git amp agents'],
      ['Choose one for new sessions', 'git config amp.agent claude'],
      ['Add one of your own', "git config amp.agent.mine.command 'my-agent --fast'"],
      ['Those that are ready, for a script', "git amp agents --format '%(agent) %(usable)'"],
    ],
  })

  format = Option.String('--format', { description: 'Print each agent in this form, as "git for-each-ref" does' })
  porcelain = Option.String('--porcelain', {
    tolerateBoolean: true,
    description: 'Print records for scripts, in a form that stays',
  })
  nul = Option.Boolean('-z', false, { description: 'End lines with NUL instead of newline' })
  json = Option.Boolean('--json', false, { description: 'Print the agents as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host, signal } = this.context
    if (typeof this.porcelain === 'string' && this.porcelain !== 'v1')
      throw usage(`unknown porcelain version '${this.porcelain}'`, 'Known: v1.')
    const fill = this.format === undefined ? null : compileFormat(this.format, agentFields)
    const { agents, chosen } = await listAgents(await this.open(), { signal })
    const values = agents.map(agentValues)
    if (this.json) ui.json({ schema: 'git-amp/agents@1', default: chosen, agents })
    else if (fill !== null) ui.answer(values.map((value) => `${fill(value)}${this.nul ? '\0' : '\n'}`).join(''))
    else if (this.porcelain !== undefined) ui.answer(porcelain(values, agentFields, this.nul))
    else {
      const paint = (...[slot, text]: Parameters<typeof ui.paint>) => ui.paint(slot, text)
      ui.answer(renderAgents(agents, { paint, now: host.now(), width: ui.width }))
      const current = agents.find((agent) => agent.isDefault)
      if (current === undefined) ui.warn(`amp.agent is '${oneLine(chosen)}', which is no agent`)
      for (const { name, next } of agents)
        if (next !== null) ui.hint(`${oneLine(name)}: ${oneLine(next, 400)}`, 'ampAgents')
    }
    return 0
  }
}
