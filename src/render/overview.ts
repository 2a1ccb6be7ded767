/** What the manual says about git-amp as a whole; `man.ts` and `help.ts` give it its form. */

/** One line. */
export const tagline = 'isolated, reviewable, portable sessions for coding agents'

/** How `git amp` is called. */
export const overviewSynopsis = ['git amp [<command>] [<options>]', 'git amp help [<command>]'] as const

/** Prose before the list of commands, in the Markdown of `prose.ts`. */
export const overviewIntro = `
Every piece of work for a coding agent becomes a **session**: a branch and a worktree of its own, the prompt that started it, and
every iteration of the agent as a commit. Sessions are kept inside the git repository, so they are fetched and pushed with it, and
nothing else is needed: no server and no database.

Without a command, \`git amp\` lists the sessions that are open, as \`git amp list\` does.

Options of git itself stand before \`amp\`: \`git -C <dir> amp list\`, \`git -c amp.agent=claude amp new\`.

## Naming a session

Where a command takes a <session>, it can be named by:

- \`@\`: the session of the worktree you are in; most commands take it when no session is named
- \`-\`: the session used before
- its id, or the beginning of its id (four characters or more)
- its name
- its branch, or the path of its worktree
`

/** Terms with their explanation, section by section, after the list of commands. */
export const overviewSections: readonly { title: string; terms: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Exit status',
    terms: [
      ['0', 'Done. An empty answer is an answer.'],
      ['1', 'A plain no: the tests failed, there is a conflict, the agent failed.'],
      ['128', 'The command could not do its work; the line that begins with `fatal:` says why.'],
      ['129', 'The command line is wrong, or `-h` asked for the short help.'],
      ['130', 'You stopped the command.'],
    ],
  },
  {
    title: 'Environment',
    terms: [
      ['GIT_DIR, GIT_WORK_TREE', 'Find the repository, as in git. They are not handed on to what runs in a session.'],
      ['GIT_PAGER, PAGER', 'The pager for long answers on a terminal; see git-var(1).'],
      ['NO_COLOR', 'When it is not empty, nothing is coloured unless the configuration says `always`.'],
      ['GIT_AMP_DEBUG', 'When it is set, an error is printed with the place in the program where it happened.'],
    ],
  },
  {
    title: 'Files',
    terms: [
      ['refs/amp/sessions/<id>', 'A session: a chain of commits that hold what happened, and keep its work alive.'],
      ['.worktrees/', 'The worktrees of sessions, in the main worktree; `amp.worktreeDir` names another folder.'],
      ['.git/amp/', 'What may be lost: locks and the output of running agents.'],
    ],
  },
]
