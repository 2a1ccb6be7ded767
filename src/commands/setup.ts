import { Command, Option } from 'clipanion'
import { setupSession } from '../actions/setup.js'
import { AmpCommand } from '../cli/command.js'

/** `git amp setup [<session>]` */
export class SetupCommand extends AmpCommand {
  static override paths = [['setup']]
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: "Prepare a session's worktree: ignored files, submodules, the setup command",
    details: `
      Does once more what \`git amp new\` does with a worktree that it has made. Files that are there are never written over.

      ## What a new worktree is given

      - Ignored files of the main worktree that match \`amp.copy\`, or \`copy\` in \`.amp.yaml\`, and \`.worktreeinclude\`, all in the syntax of
        gitignore: \`.env\`, \`node_modules\`, build caches. Blocks are shared where the file system can. Symbolic links are copied as links; nothing
        that git would not ignore in the worktree is copied, no \`.git\`, no other worktree, and nothing through a symbolic link. A pattern without a
        slash is not looked for inside of ignored directories that it does not match.
      - The submodules that the main worktree has checked out, from its own copies, without network.
      - The setup command: \`amp.setup\`, else \`setup\` in \`.amp.yaml\`. What it prints is kept in \`.git/amp/setup/<id>.log\`. When it fails, the
        session is there all the same, and \`git amp list\` and \`show\` tell of it. With \`amp.setupMode\` set to \`background\` nothing waits for it.

      What \`.amp.yaml\`, or a \`.worktreeinclude\` that is committed, asks for happens only after \`git amp trust\` has shown it. An empty \`amp.copy\` or
      \`amp.setup\` does without it.

      ## Environment

      Setup, tests, agent, \`git amp exec\` and \`open\` find \`GIT_AMP_SESSION\`, \`GIT_AMP_NAME\`, \`GIT_AMP_BRANCH\`, \`GIT_AMP_BASE\`, \`GIT_AMP_WORKTREE\`,
      \`GIT_AMP_MAIN\` (the main worktree), and ports of their own: \`GIT_AMP_PORT\` is the first of \`GIT_AMP_PORTS\` (\`amp.ports\`, 10), between 20000
      and 32000. They were free when they were chosen, stay the same for the session, and no two open sessions of a clone share one.
    `,
    examples: [
      ['Run the setup again after it has failed', 'git amp setup fix-parser'],
      ['Copy what every session needs', 'git config --add amp.copy .env && git config --add amp.copy node_modules'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  noCopy = Option.Boolean('--no-copy', false, { description: 'Copy no ignored files' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open({ writes: true })
    const { tip, worktree, setup } = await setupSession(repo, { session: this.session, copy: !this.noCopy })
    if (this.json) this.context.ui.json({ schema: 'git-amp/setup@1', session: tip.id, worktree, setup })
    return setup === null || setup.state === 'done' ? 0 : 1
  }
}
