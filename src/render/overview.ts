/** What the manual says about git-amp as a whole; `man.ts` and `help.ts` give it its form. */

import { advice } from '../util/advice.js'

/** One line. */
export const tagline = 'isolated, reviewable, portable sessions for coding agents'

/** How `git amp` is called. */
export const overviewSynopsis = [
  'git amp [<command>] [<options>]',
  'git amp help [<command>]',
  'git amp --version',
] as const

/** Prose before the list of commands, in the Markdown of `prose.ts`. */
export const overviewIntro = `
Every piece of work for a coding agent becomes a **session**: a branch and a worktree of its own, the prompt that started it, and
every iteration of the agent as a commit. Sessions are kept inside the git repository, as commits on refs of their own: no server
and no database is needed, and plain git can look at all of it.

Without a command, \`git amp\` lists the sessions that are open, as \`git amp list\` does.

Options of git itself stand before \`amp\`: \`git -C <dir> amp list\`, \`git -c amp.agent=shell amp new\`.

## Naming a session

Where a command takes a <session>, it can be named by:

- \`@\`: the session of the worktree you are in; most commands take it when no session is named
- \`-\`: in a session's worktree the session used before it, elsewhere the one used last; \`@{-2}\` is the one before that
- its id, or the beginning of its id (four characters or more)
- its name; of several open sessions with that name the one made last
- its branch, or the path of its worktree

When none is named and you are in no session's worktree, you choose one on a terminal: type a few letters of its name, goal or labels, move with the arrows, take it with
Enter, or leave with Esc. Without a terminal that is an error.
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
      ['others', 'Of `git amp exec`: what its command ended with. Of `git amp diff` and `log`: what git ended with.'],
    ],
  },
  {
    title: 'Configuration',
    terms: [
      [
        'amp.agent',
        'The agent of new sessions: `amp` (default), `claude`, `codex`, `gemini`, `opencode`, one of your own, or `shell`, for which the prompt is a POSIX shell script. `git amp agents` lists them.',
      ],
      [
        'amp.agent.<name>.command',
        'The command line of an agent of your own, which reads its prompt on standard input; or the program of a known one. Split as a shell does, without a shell; several values are one word each.',
      ],
      [
        'amp.agent.<name>.resume',
        'The command line by which an agent of your own continues its thread, with `{thread}` in it.',
      ],
      [
        'amp.agent.<name>.env',
        'A variable for the environment of an agent, as `NAME=value`; may be given several times.',
      ],
      ['amp.agent.<name>.model', 'The model or mode that an agent uses.'],
      [
        'amp.agent.<name>.approve',
        'Whether the agent may use its tools without asking, inside the worktree of its session. Default: true. Codex keeps its sandbox, and may then write to the worktree alone.',
      ],
      ['amp.base', 'The revision that new sessions start from, instead of the current branch.'],
      ['amp.test', 'The test command of new sessions, and of those that have none of their own.'],
      [
        'amp.copy',
        'Ignored files of the main worktree that new worktrees get, in the syntax of gitignore; may be given several times. An empty value takes back those before it, and what files of the repository ask for.',
      ],
      ['amp.setup', 'A command that runs once in every new worktree; an empty one is none.'],
      ['amp.setupMode', 'Whether a command waits for the setup: `foreground` (default), or `background`.'],
      ['amp.ports', 'How many ports each session has, from `GIT_AMP_PORT` on; 100 at most. Default: 10.'],
      ['amp.team', 'Whether `.amp.yaml` of the repository counts. Default: true.'],
      ['amp.timeout', 'Stop an agent after this time: `90s`, `10m`, `2h`; 0 is no limit. Default: `2h`.'],
      ['amp.idleTimeout', 'Stop an agent that has said nothing for this time; 0 is no limit. Default: `15m`.'],
      [
        'amp.onFailure',
        'What becomes of the work of an agent that fails: `commit` (default), or `keep`, which leaves it in the worktree.',
      ],
      [
        'amp.jobs',
        'How many sessions `git amp iterate` runs at a time, and items `git amp batch start` where the plan does not say. Default: 2, and 4.',
      ],
      [
        'amp.batchCache',
        'Where `git amp batch start` clones repositories to that a plan names by URL. Default: `git-amp/repositories` in the cache of the user.',
      ],
      ['amp.batchBackoff', 'The first pause of a batch run after a rate limit; those after it grow. Default: 5s.'],
      [
        'amp.maxCost',
        'Start no iteration in a session that has cost this, in US dollars. Those without a known cost are not counted.',
      ],
      [
        'amp.price.<model>.input, .output, .cacheRead, .cacheWrite',
        'Prices of a model in US dollars per million tokens, for agents that report tokens but no cost. A kind of token without a price leaves the cost unknown.',
      ],
      [
        'amp.price.<model>.source',
        'Where those prices are from: a page and a date. It is recorded with the cost; without it the prices are not used.',
      ],
      [
        'amp.notify',
        'When to notify: `auto` (default: where the terminal is one, and not in CI), `always` or `never`. Notifications come on the terminal and by `notify-send`, or `osascript` on macOS.',
      ],
      ['amp.notifyAfter', 'Notify only after iterations that took longer than this. Default: `30s`.'],
      [
        'amp.notifyCommand',
        'A shell command that gets each notification as JSON on its standard input, without a terminal too; `event` is `finished`, `failed`, `waiting` or `tests-failed`. It has five seconds.',
      ],
      ['amp.worktreeDir', 'Where the worktrees of sessions are made; `~` is your home. Default: `.worktrees`.'],
      ['amp.branchPrefix', 'What their branches begin with. Default: `amp/`.'],
      ['amp.commitPrefix', 'What the subjects of iterations begin with. Default: `amp:`.'],
      ['amp.hooks', 'Whether the hooks of the repository run for commits of sessions: `run` (default) or `skip`.'],
      ['amp.coAuthor', 'A name and address for a `Co-authored-by` trailer in the commits of iterations.'],
      ['amp.mergeStyle', 'How `git amp merge` merges: `ff` (default), `ff-only`, `no-ff` or `squash`.'],
      [
        'amp.squash',
        'What `git amp squash` does when your commits and those of the agent cannot change places: `runs` (default), each run of `amp:` commits becomes one, or `stop`.',
      ],
      [
        'amp.remote',
        'The remote, URL or path that `git amp sync` exchanges sessions with. Default: `origin`, or the only remote.',
      ],
      [
        'amp.remote.<name>.push',
        'Whether the hook of `git amp install --sync` pushes sessions with `git push` to that remote.',
      ],
      [
        'amp.transcripts',
        'Whether `git amp sync` pushes what agents said and did: `ask` (default; without a terminal it does not), `never` or `push`. A yes is kept as `amp.remote.<name>.transcripts` for one remote.',
      ],
      ['amp.snapshots', 'The same for the uncommitted work of paused sessions: `ask` (default), `never` or `push`.'],
      ['amp.pushBranches', 'Whether `git amp sync` pushes the branches of open sessions, too. Default: false.'],
      [
        'amp.trusted',
        'Digests of commands from elsewhere that you have approved with `git amp trust`, in the configuration of this clone.',
      ],
      [
        'color.amp, color.amp.<slot>',
        'Whether there are colours, as `color.ui`, and which: slots are `id`, `current`, `running`, `failed`, `dim`, `heading`, `hint`, `match`.',
      ],
      [
        'pager.amp',
        'Whether git shows what git-amp prints in a pager, or which, as for its own commands. Without it long answers are shown in one on a terminal.',
      ],
      [
        'column.amp',
        'Whether `git amp label`, and `git amp list --format` on a terminal, lay short lines out in columns, as `column.ui`.',
      ],
      ...Object.entries(advice).map(([name, when]): [string, string] => [
        `advice.${name}`,
        `Set it to false, and this is not told: ${when}.`,
      ]),
    ],
  },
  {
    title: 'Team configuration',
    terms: [
      [
        '.amp.yaml',
        'What a team shares, in the commit that a session is based on; never read from a worktree. The setting of the same name wins. `setup`, `test`, `copy`, and an agent with a command count only after `git amp trust`. All that is wrong with the file is told at once.',
      ],
      ['agent', 'The name of an agent, or `name`, `model` and, for an agent of your own, `command`.'],
      ['base, mergeStyle, ports, setupMode', 'As `amp.base`, `amp.mergeStyle`, `amp.ports` and `amp.setupMode`.'],
      ['setup, test', 'As `amp.setup` and `amp.test`.'],
      ['copy', 'A pattern of `amp.copy`, or a list of them.'],
      [
        '.worktreeinclude',
        'Patterns of `amp.copy`, a line each, in the main worktree; other tools know the file, too. One that is committed counts only after `git amp trust`.',
      ],
    ],
  },
  {
    title: 'Environment',
    terms: [
      ['GIT_DIR, GIT_WORK_TREE', 'Find the repository, as in git. They are not handed on to what runs in a session.'],
      ['GIT_PAGER, PAGER', 'The pager for long answers on a terminal; see git-var(1).'],
      ['NO_COLOR', 'When it is not empty, nothing is coloured unless the configuration says `always`.'],
      [
        'GIT_AMP_SESSION, GIT_AMP_NAME, GIT_AMP_BRANCH, GIT_AMP_BASE, GIT_AMP_WORKTREE, GIT_AMP_MAIN, GIT_AMP_PORT, GIT_AMP_PORTS',
        'Set for what runs in a session; see git-amp-setup(1).',
      ],
      ['GIT_AMP_DEBUG', 'When it is set, an error is printed with the place in the program where it happened.'],
    ],
  },
  {
    title: 'Files',
    terms: [
      ['refs/amp/sessions/<id>', 'A session: a chain of commits that hold what happened, and keep its work alive.'],
      [
        '.worktrees/',
        'The worktrees of sessions, in the main worktree, or beside a bare repository; `amp.worktreeDir` names another folder.',
      ],
      ['refs/notes/amp', 'Derived from the sessions: what `git log --notes=amp` shows beside a commit.'],
      [
        'refs/amp-local/oplog',
        'What each command moved, and the commits that were there before. Never leaves this clone by itself.',
      ],
      ['refs/amp/tombstones', 'What was forgotten on purpose, so that no clone brings it back.'],
      ['refs/amp-local/remotes/<remote>/', 'What a remote had when `git amp sync` looked last.'],
      ['.git/amp/', 'What may be lost: which agents run here, temporary files, and what was moved aside.'],
    ],
  },
]
