/** Every kind of hint, and when it is shown: `git config advice.<name> false` switches it off. Hints of errors stay. */
export const advice = {
  ampAgents: 'an agent that cannot be used, or wants a login',
  ampBatch: 'what can be done with a batch run',
  ampComment: 'who is told a comment',
  ampConflicts: 'what can be merged without a conflict',
  ampDetach: 'how to follow and stop an agent in the background',
  ampDoctor: 'what `git amp doctor --fix` mends',
  ampEmpty: 'an empty answer, and what would not be',
  ampExport: 'what an export leaves out',
  ampForget: 'where something forgotten may still be',
  ampInstall: 'what to do after `git amp install`',
  ampMerged: 'what a merge leaves to be done',
  ampName: 'which session a word stood for, when it could have been another',
  ampNew: 'what to do with a new session',
  ampPaused: 'how a paused session comes back',
  ampPending: 'sessions that wait for you',
  ampPreflight: 'what stands in the way of a merge',
  ampPrivate: 'transcripts and uncommitted work that stayed here',
  ampRemoved: 'where removed work is kept',
  ampSetup: 'what to do when a worktree could not be prepared',
  ampSync: 'what `git amp sync` left to be done',
  ampTested: 'tests whose result is not recorded',
  ampWhy: 'what tells more of the work behind a line',
} as const

/** A name of a hint; `waitingForEditor` is git's. */
export type Advice = keyof typeof advice | 'waitingForEditor'
