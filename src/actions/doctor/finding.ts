/** Something that is not as it should be. */
export interface Finding {
  /** Which check found it: `chains`, `worktrees`, `leases`, ... */
  check: string
  /** One sentence. */
  message: string
  /** What helps, for people. */
  hints: string[]
  /** A note is worth knowing and nothing to mend: it does not count as wrong. */
  isNote: boolean
  /** What `--fix` does about it, as a sentence; null when only the user can. */
  repair: string | null
  /** Does it. */
  fix: (() => Promise<void>) | null
}

/** A problem that only the user can mend. */
export const problem = (check: string, message: string, ...hints: string[]): Finding => ({
  check,
  message,
  hints,
  isNote: false,
  repair: null,
  fix: null,
})

/** A problem that `--fix` mends. */
export const fixable = (
  check: string,
  message: string,
  mend: { repair: string; fix: () => Promise<unknown> },
): Finding => ({
  ...problem(check, message),
  repair: mend.repair,
  fix: async () => {
    await mend.fix()
  },
})

/** Something that is worth knowing. */
export const note = (check: string, message: string, ...hints: string[]): Finding => ({
  ...problem(check, message, ...hints),
  isNote: true,
})
