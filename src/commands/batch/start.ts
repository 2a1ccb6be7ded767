import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import { startBatch } from '../../actions/batch/start.js'
import { BatchCommand, runOptions, showRun, tellEnd } from '../../cli/batch.js'
import { givenText } from '../../cli/text.js'
import { AmpError } from '../../errors.js'
import { batchJson, itemWords, planJson, renderPlan } from '../../render/batch.js'
import { oneLine } from '../../util/sanitize.js'
import { plural } from '../../util/time.js'

/** `git amp batch start --file <plan>` */
export class BatchStartCommand extends BatchCommand {
  static override paths = [['batch', 'start']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Run many prompts in many repositories',
    details: `
      Reads a plan, makes a session for each of its items in the item's own repository, runs the agent and the tests there, and records in this
      repository what became of each. One that fails holds up no others. The id of the run is printed; the exit code is 1 when an item did not
      succeed.

      A plan is YAML or JSON:

          runId: nightly
          concurrency: 4
          defaults:
            agent: amp
            scriptCommand: npm test
            maxIterations: 3
            timeoutSec: 1800
          matrix:
            - repo: ../api
              prompt: Handle nested quotes in the parser
            - repo: https://example.com/web.git
              promptFile: prompts/upgrade.md
              baseBranch: develop
              mergeOnPass: true

      The same prompts everywhere, by every agent, twice each:

          {
            "repos": ["../api", "../web"],
            "prompts": ["Fix the typos in the documentation", { "promptFile": "prompts/tests.md", "name": "more tests" }],
            "agents": ["amp", { "agent": "claude", "model": "opus" }],
            "attempts": 2
          }

      ## Plan

      - \`runId\`: the name of the run; without it the name of the file
      - \`concurrency\`, \`perRepository\`: so many items at a time, in all and in one repository (\`amp.jobs\`, 4)
      - \`timeoutSec\`, \`maxCost\`: limits of the whole run, in seconds and US dollars
      - \`matrix\`: the items; each has \`repo\`, \`prompt\` or \`promptFile\`, and may have \`name\`, \`attempts\` and any of the defaults
      - \`repos\`, \`prompts\`, \`agents\`, \`models\`, \`attempts\`: every repository with every prompt, agent and model
      - \`defaults\`: \`agent\`, \`model\`, \`baseBranch\`, \`scriptCommand\`, \`maxIterations\` (1), \`mergeOnPass\` (false), \`retries\` (2), \`timeoutSec\`, \`maxCost\`, \`jsonLogs\`

      Paths are relative to the plan. A URL is cloned once, below \`amp.batchCache\` or the user's cache, without the contents of old files where
      the server allows it, and brought up to date by later runs.

      \`scriptCommand\` is the test command of the session. With \`maxIterations\` above 1 the agent tries until it passes. \`mergeOnPass\` merges
      what passes into its base, by the steps of \`git amp merge\`; a conflict takes the merge back and is the item's reason. \`retries\` counts for
      rate limits and other faults of the agent that may be gone next time, not for tests that fail; the pause before each grows
      (\`amp.batchBackoff\`, 5s). \`jsonLogs\` is accepted from plans for other tools: what agents print is always kept, see \`git amp transcript --raw\`.

      Everything that is wrong with a plan is told at once, with file, line and column; nothing is started then. An item is known by its
      repository, base commit, prompt, agent, model and attempt: a plan that is started again goes on with its run and does what has no result
      yet. A plan that was changed is another run, which takes over the results that there are: what passed, and what failed its tests.
      \`--again\` does all of it anew.

      Ctrl-C stops the agents and records what they did, \`git amp batch abort\` does it from elsewhere; \`git amp batch resume\` goes on, also when
      everything was killed.
    `,
    examples: [
      ['Look at what a plan would do', 'git amp batch start --file plan.yaml -n'],
      ['Run it', 'git amp batch start --file plan.yaml'],
      ['A plan that a script makes', 'make-plan | git amp batch start --file -'],
    ],
  })

  file = Option.String('-F,--file', { required: true, description: 'The plan, YAML or JSON; - is standard input' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only check the plan and print what it would do' })
  again = Option.Boolean('--again', false, { description: 'Run all of it, also what an earlier run has done' })
  jobs = Option.String('-j,--jobs', { description: 'So many items at a time, whatever the plan says' })
  maxCost = Option.String('--max-cost', { description: 'Begin no item once the run has cost this, in US dollars' })
  timeout = Option.String('--timeout', { description: 'Stop the run after this time: 90s, 10m, 2h' })
  json = Option.Boolean('--json', false, { description: 'Print the run or the plan as JSON' })

  async run(): Promise<number | undefined> {
    const limits = runOptions(this)
    const home = await this.openHome({ writes: !this.dryRun })
    const { ui, host, signal } = this.context
    const sources = { paragraphs: undefined, file: this.file, edit: false, name: 'plan', help: '' }
    const text = (await givenText(home, this.context, sources)) ?? ''
    const file = this.file === '-' ? null : resolve(host.cwd, this.file)
    const { dryRun, again } = this
    const result = await showRun(this, itemWords, (on) =>
      startBatch(home, { source: { text, file }, dryRun, again, ...limits, signal, on }),
    )
    if (result.type === 'plan') {
      const shown = this.file === '-' ? '<stdin>' : this.file
      for (const { line, column, message, hint } of result.problems)
        ui.error(`${oneLine(shown)}:${line}:${column}`, oneLine(message, 500), hint === undefined ? [] : [hint])
      if (this.json) ui.json(planJson(result.plan, result.problems))
      if (result.problems.length > 0)
        throw new AmpError('fatal', `the plan has ${plural(result.problems.length, 'problem')}; nothing was started`)
      if (!this.json) ui.answer(renderPlan(result.plan, { width: ui.width }))
      return undefined
    }
    if (result.isRedacted) ui.warn('a prompt contains something that looks like a secret; the plan is kept without it')
    const shown = { view: result.view, state: result.view.tip.snapshot.status }
    if (this.json) ui.json(batchJson(shown))
    else ui.answer(result.view.tip.id)
    return tellEnd(ui, shown, itemWords)
  }
}
