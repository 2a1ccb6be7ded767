/** Words that a setting and a key of `.amp.yaml` can be. */

/** How the work of a session comes into its base. */
export const mergeStyles = ['ff', 'ff-only', 'no-ff', 'squash'] as const
export type MergeStyle = (typeof mergeStyles)[number]

/** Whether a command waits for the setup of a worktree. */
export const setupModes = ['foreground', 'background'] as const
export type SetupMode = (typeof setupModes)[number]
