import type { AmpCommand } from './cli/command.js'
import type { Wanted } from './git/inquiry.js'

/** A command class as clipanion takes it. */
export type CommandClass = (new () => AmpCommand) &
  Pick<typeof AmpCommand, 'kinds' | 'rest' | 'passesOptions' | 'usage' | 'paths'>

/** One line of the table of contents. The class is loaded only when the command is called. */
export interface Entry {
  /** As typed, the canonical name first. */
  names: readonly [string, ...string[]]
  /** One line, imperative, no full stop. */
  summary: string
  /** What git is asked while the class is loaded; left out by commands that need no repository. */
  asks?: Wanted
  load(): Promise<CommandClass>
}

/** Commands by category, in the order they are shown. */
export type Registry = Readonly<Record<string, readonly Entry[]>>

/** Every command, by what the user wants to do. */
export const registry: Registry = {
  'Work in a session': [
    {
      names: ['new'],
      summary: 'Start a session: a branch, a worktree and a recorded prompt',
      asks: 'repository',
      load: async () => (await import('./commands/new.js')).NewCommand,
    },
    {
      names: ['iterate', 'run'],
      summary: 'Run the agent once; its work becomes one commit',
      asks: 'repository',
      load: async () => (await import('./commands/iterate.js')).IterateCommand,
    },
    {
      names: ['stop'],
      summary: 'Stop the agent that runs in a session; keep what it did',
      asks: 'repository',
      load: async () => (await import('./commands/stop.js')).StopCommand,
    },
    {
      names: ['test'],
      summary: 'Run the test command and record its result',
      asks: 'repository',
      load: async () => (await import('./commands/test.js')).TestCommand,
    },
    {
      names: ['comment'],
      summary: 'Comment on lines of code for the next iteration, or list comments',
      asks: 'repository',
      load: async () => (await import('./commands/comment.js')).CommentCommand,
    },
    {
      names: ['rename'],
      summary: 'Give a session another name',
      asks: 'repository',
      load: async () => (await import('./commands/rename.js')).RenameCommand,
    },
    {
      names: ['label'],
      summary: 'Put labels on a session, or list them',
      asks: 'repository',
      load: async () => (await import('./commands/label.js')).LabelCommand,
    },
    {
      names: ['exec'],
      summary: "Run any command in a session's worktree",
      asks: 'repository',
      load: async () => (await import('./commands/exec.js')).ExecCommand,
    },
    {
      names: ['setup'],
      summary: "Prepare a session's worktree: ignored files, submodules, the setup command",
      asks: 'repository',
      load: async () => (await import('./commands/setup.js')).SetupCommand,
    },
  ],
  'Look at sessions': [
    {
      names: ['list', 'ls'],
      summary: 'List the sessions of this repository',
      asks: 'sessions',
      load: async () => (await import('./commands/list.js')).ListCommand,
    },
    {
      names: ['show', 'status'],
      summary: 'Show one session: goal, branch, iterations, tests',
      asks: 'repository',
      load: async () => (await import('./commands/show.js')).ShowCommand,
    },
    {
      names: ['log'],
      summary: 'Show iterations and manual commits in order',
      asks: 'repository',
      load: async () => (await import('./commands/log.js')).LogCommand,
    },
    {
      names: ['transcript'],
      summary: 'Show what the agent said and did',
      asks: 'repository',
      load: async () => (await import('./commands/transcript.js')).TranscriptCommand,
    },
    {
      names: ['why'],
      summary: 'Tell the prompt, the agent and the iteration behind a line',
      asks: 'repository',
      load: async () => (await import('./commands/why.js')).WhyCommand,
    },
    {
      names: ['blame'],
      summary: 'Show who wrote each line, with session and iteration',
      asks: 'repository',
      load: async () => (await import('./commands/blame.js')).BlameCommand,
    },
    {
      names: ['search'],
      summary: 'Search prompts, results, comments and transcripts',
      asks: 'repository',
      load: async () => (await import('./commands/search.js')).SearchCommand,
    },
    {
      names: ['conflicts'],
      summary: 'Tell which open sessions conflict, and the cheapest order to land them',
      asks: 'repository',
      load: async () => (await import('./commands/conflicts.js')).ConflictsCommand,
    },
    {
      names: ['usage'],
      summary: 'Sum the tokens and the cost of iterations',
      asks: 'repository',
      load: async () => (await import('./commands/usage.js')).UsageCommand,
    },
    {
      names: ['export'],
      summary: 'Write sessions as data, as a page or as patches',
      asks: 'repository',
      load: async () => (await import('./commands/export.js')).ExportCommand,
    },
    {
      names: ['report'],
      summary: 'Write a page about sessions: results, cost, tools',
      asks: 'repository',
      load: async () => (await import('./commands/report.js')).ReportCommand,
    },
    {
      names: ['diff'],
      summary: 'Show what a session changed, against its recorded base',
      asks: 'repository',
      load: async () => (await import('./commands/diff.js')).DiffCommand,
    },
    {
      names: ['range-diff'],
      summary: 'Compare the commits of two sessions',
      asks: 'repository',
      load: async () => (await import('./commands/range-diff.js')).RangeDiffCommand,
    },
    {
      names: ['path'],
      summary: "Print the path of a session's worktree",
      asks: 'repository',
      load: async () => (await import('./commands/path.js')).PathCommand,
    },
    {
      names: ['open'],
      summary: "Open a session's worktree in your editor",
      asks: 'repository',
      load: async () => (await import('./commands/open.js')).OpenCommand,
    },
  ],
  'Finish a session': [
    {
      names: ['squash'],
      summary: 'Make one commit of the amp: commits',
      asks: 'repository',
      load: async () => (await import('./commands/squash.js')).SquashCommand,
    },
    {
      names: ['rebase'],
      summary: 'Put the session onto its base as it is now',
      asks: 'repository',
      load: async () => (await import('./commands/rebase.js')).RebaseCommand,
    },
    {
      names: ['merge'],
      summary: 'Merge a session into its base branch',
      asks: 'repository',
      load: async () => (await import('./commands/merge.js')).MergeCommand,
    },
    {
      names: ['pick'],
      summary: 'Take some of the work of a session',
      asks: 'repository',
      load: async () => (await import('./commands/pick.js')).PickCommand,
    },
    {
      names: ['preflight'],
      summary: 'Tell what a merge of a session would meet',
      asks: 'repository',
      load: async () => (await import('./commands/preflight.js')).PreflightCommand,
    },
  ],
  'Put aside': [
    {
      names: ['pause'],
      summary: 'Put a session aside with its uncommitted work',
      asks: 'repository',
      load: async () => (await import('./commands/pause.js')).PauseCommand,
    },
    {
      names: ['resume'],
      summary: 'Bring a session back, here or in another clone',
      asks: 'repository',
      load: async () => (await import('./commands/resume.js')).ResumeCommand,
    },
    {
      names: ['remove', 'rm', 'cleanup'],
      summary: 'Remove sessions whose work is merged; keep their history',
      asks: 'repository',
      load: async () => (await import('./commands/remove.js')).RemoveCommand,
    },
    {
      names: ['reopen'],
      summary: 'Open a removed or merged session again',
      asks: 'repository',
      load: async () => (await import('./commands/reopen.js')).ReopenCommand,
    },
  ],
  Batches: [
    {
      names: ['batch start'],
      summary: 'Run many prompts in many repositories',
      asks: 'repository',
      load: async () => (await import('./commands/batch/start.js')).BatchStartCommand,
    },
    {
      names: ['batch list'],
      summary: 'List the batch runs of this repository',
      asks: 'repository',
      load: async () => (await import('./commands/batch/list.js')).BatchListCommand,
    },
    {
      names: ['batch status'],
      summary: 'Show a batch run and each of its items',
      asks: 'repository',
      load: async () => (await import('./commands/batch/status.js')).BatchStatusCommand,
    },
    {
      names: ['batch abort'],
      summary: 'Stop a batch run; keep what its agents did',
      asks: 'repository',
      load: async () => (await import('./commands/batch/abort.js')).BatchAbortCommand,
    },
    {
      names: ['batch resume'],
      summary: 'Go on with a batch run that was stopped or killed',
      asks: 'repository',
      load: async () => (await import('./commands/batch/resume.js')).BatchResumeCommand,
    },
    {
      names: ['batch export'],
      summary: 'Write a batch run and its sessions as data',
      asks: 'repository',
      load: async () => (await import('./commands/batch/export.js')).BatchExportCommand,
    },
    {
      names: ['batch report'],
      summary: 'Write a page about a batch run',
      asks: 'repository',
      load: async () => (await import('./commands/batch/report.js')).BatchReportCommand,
    },
    {
      names: ['batch compare'],
      summary: 'Compare the attempts at the same prompt; pick a winner',
      asks: 'repository',
      load: async () => (await import('./commands/batch/compare.js')).BatchCompareCommand,
    },
    {
      names: ['batch diff'],
      summary: 'Show what the sessions of a batch run changed',
      asks: 'repository',
      load: async () => (await import('./commands/batch/diff.js')).BatchDiffCommand,
    },
    {
      names: ['batch merge'],
      summary: 'Merge the sessions of a batch run',
      asks: 'repository',
      load: async () => (await import('./commands/batch/merge.js')).BatchMergeCommand,
    },
    {
      names: ['batch pr'],
      summary: 'Open pull requests for the sessions of a batch run',
      asks: 'repository',
      load: async () => (await import('./commands/batch/pr.js')).BatchPrCommand,
    },
    {
      names: ['batch remove'],
      summary: 'Remove the sessions of a batch run; keep their history',
      asks: 'repository',
      load: async () => (await import('./commands/batch/remove.js')).BatchRemoveCommand,
    },
  ],
  Share: [
    {
      names: ['sync'],
      summary: 'Exchange sessions with another repository',
      asks: 'repository',
      load: async () => (await import('./commands/sync.js')).SyncCommand,
    },
    {
      names: ['trust'],
      summary: 'Show the commands of a repository or a session from elsewhere, and approve them',
      asks: 'repository',
      load: async () => (await import('./commands/trust.js')).TrustCommand,
    },
    {
      names: ['forget'],
      summary: 'Forget a session or its transcript for good',
      asks: 'repository',
      load: async () => (await import('./commands/forget.js')).ForgetCommand,
    },
  ],
  'Take back': [
    {
      names: ['resolve'],
      summary: 'End a divergence by keeping one of its heads',
      asks: 'repository',
      load: async () => (await import('./commands/resolve.js')).ResolveCommand,
    },
    {
      names: ['undo'],
      summary: 'Take back an operation of git-amp',
      asks: 'repository',
      load: async () => (await import('./commands/undo.js')).UndoCommand,
    },
    {
      names: ['oplog'],
      summary: 'List what git-amp did here, newest first',
      asks: 'repository',
      load: async () => (await import('./commands/oplog.js')).OplogCommand,
    },
    {
      names: ['gc'],
      summary: 'Archive closed sessions, and let go of old trash and old operations',
      asks: 'repository',
      load: async () => (await import('./commands/gc.js')).GcCommand,
    },
  ],
  'For scripts': [
    {
      names: ['for-each'],
      summary: 'Print every session in a form of your own',
      asks: 'sessions',
      load: async () => (await import('./commands/for-each.js')).ForEachCommand,
    },
    {
      names: ['rev-parse'],
      summary: 'Turn the name of a session into its id',
      asks: 'repository',
      load: async () => (await import('./commands/rev-parse.js')).RevParseCommand,
    },
  ],
  'Set up and learn': [
    {
      names: ['doctor'],
      summary: 'Look for what is wrong, and mend it',
      asks: 'repository',
      load: async () => (await import('./commands/doctor.js')).DoctorCommand,
    },
    {
      names: ['install'],
      summary: 'Install completions, manual pages and a cd function; let plain git carry sessions',
      asks: 'repository',
      load: async () => (await import('./commands/install.js')).InstallCommand,
    },
    {
      names: ['agents'],
      summary: 'List the coding agents that can be used here',
      asks: 'repository',
      load: async () => (await import('./commands/agents.js')).AgentsCommand,
    },
    {
      names: ['help'],
      summary: 'Show the manual of git-amp or of one command',
      load: async () => (await import('./commands/help.js')).HelpCommand,
    },
    {
      names: ['demo'],
      summary: 'Run the whole workflow in a scratch repository',
      load: async () => (await import('./commands/demo.js')).DemoCommand,
    },
  ],
}

/** All entries in one list. */
export const entries: readonly Entry[] = Object.values(registry).flat()

/** The entry that a word names. */
export const findEntry = (word: string): Entry | null => entries.find((entry) => entry.names.includes(word)) ?? null
