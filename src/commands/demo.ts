import { Command } from 'clipanion'
import { runDemo } from '../actions/demo.js'
import { AmpCommand } from '../cli/command.js'

/** `git amp demo` */
export class DemoCommand extends AmpCommand {
  static override paths = [['demo']]
  static override usage = Command.Usage({
    category: 'Set up and learn',
    description: 'Run the whole workflow in a scratch repository',
    details: `
      Runs two sessions through the whole workflow with the built-in shell agent, in a scratch clone of the current repository, or in a small
      repository made on the spot. Every command and its real output are printed, and nothing is left behind.
    `,
    examples: [['See how it works', 'git amp demo']],
  })

  async run(): Promise<number | undefined> {
    const { ui, host, self, signal } = this.context
    const done = await runDemo(host, {
      self,
      source: await this.source(),
      signal,
      onStep: ({ say, run }) => {
        if (say !== '' && !this.quiet) ui.answer(`\n${ui.paint('heading', `# ${say}`)}`)
        ui.answer(`${ui.paint('current', '$')} ${run}`)
      },
      onOutput: (text) => ui.answer(text),
    })
    if (!this.quiet)
      ui.answer('\nThe scratch repository is removed again. Now try it on your own with "git amp new -m \'<prompt>\'".')
    return done ? 0 : 130
  }

  /** The repository to clone: this one, when it has a commit that is checked out. */
  private async source(): Promise<string | null> {
    try {
      const repo = await this.open()
      const head = await repo.git.text(['rev-parse', '--verify', '--quiet', 'HEAD'], { ok: [0, 1, 128] })
      return head === '' ? null : repo.location.commonDir
    } catch {
      // Outside a repository the demonstration makes its own.
      return null
    }
  }
}
