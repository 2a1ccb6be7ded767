import type { Env } from '../host.js'

/** A repository at a host, as the URL of a remote names it. */
export interface HostedRepo {
  /** `https://<host>/<path>` */
  web: string
  host: string
}

/** Reads the URL of a remote: `https://host/path`, `ssh://git@host:22/path`, `git@host:path`; null for a path. */
export function hostedAt(url: string): HostedRepo | null {
  const long = /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+)$/.exec(url)
  const [, host, path] = long ?? /^(?:[^@/:]+@)?([^/:@]{2,}):(?!\/\/)(.+)$/.exec(url) ?? []
  if (host === undefined || path === undefined) return null
  return { host, web: `https://${host}/${path.replace(/^\/+/, '').replace(/(\.git)?\/*$/, '')}` }
}

/** Pull request of one branch into another. */
export interface PullRequest {
  /** The branch there that it comes from, and the one that it goes into. */
  head: string
  base: string
  title: string
  body: string
}

/** The programs that can open one. */
export const hostingTools = ['gh', 'glab'] as const
export type HostingTool = (typeof hostingTools)[number]

/** The program for a host, when its name tells; null when either may be it. */
export function toolFor(host: string): HostingTool | null {
  if (/github/i.test(host)) return 'gh'
  return /gitlab/i.test(host) ? 'glab' : null
}

/** Where a person opens the pull request in a browser; null for a host that is not known. */
export function compareUrl(
  { host, web }: HostedRepo,
  { base, head }: Pick<PullRequest, 'base' | 'head'>,
): string | null {
  const [from, into] = [base, head].map((name) => name.split('/').map(encodeURIComponent).join('/')) as [string, string]
  if (/github/i.test(host)) return `${web}/compare/${from}...${into}?expand=1`
  if (/gitlab/i.test(host))
    return `${web}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${into}&merge_request%5Btarget_branch%5D=${from}`
  if (/bitbucket/i.test(host)) return `${web}/pull-requests/new?source=${into}&dest=${from}`
  return /codeberg|gitea|forgejo/i.test(host) ? `${web}/compare/${from}...${into}` : null
}

/** The address that a host offers in what it says on a push. */
export const offeredUrl = (remarks: readonly string[]): string | null =>
  remarks.map((line) => /https?:\/\/\S+/.exec(line)?.[0]).find((url) => url !== undefined) ?? null

/** How to call `gh` (https://cli.github.com/manual/gh_pr_create) and `glab` (https://docs.gitlab.com/cli/mr/create). */
const calls: Readonly<Record<HostingTool, (pull: PullRequest) => { args: string[]; input: string }>> = {
  gh: ({ head, base, title, body }) => ({
    args: ['pr', 'create', `--head=${head}`, `--base=${base}`, `--title=${title}`, '--body-file=-'],
    input: body,
  }),
  glab: ({ head, base, title, body }) => ({
    args: [
      'mr',
      'create',
      '--yes',
      `--source-branch=${head}`,
      `--target-branch=${base}`,
      `--title=${title}`,
      `--description=${body}`,
    ],
    input: '',
  }),
}

/** A program that asks something would wait for ever. */
const quiet: Env = { GH_PROMPT_DISABLED: '1', GH_NO_UPDATE_NOTIFIER: '1', NO_PROMPT: '1', NO_COLOR: '1' }
const limitMs = 120_000

/**
 * Opens a pull request. One that is open already is found by what the program says of it.
 * @param file absolute path of the program
 * @returns its address, or why there is none
 */
export async function openPullRequest(
  { tool, file, cwd, env, signal }: { tool: HostingTool; file: string; cwd: string; env: Env; signal: AbortSignal },
  pull: PullRequest,
): Promise<{ url: string } | { problem: string }> {
  const { execa } = await import('execa')
  const { args, input } = calls[tool](pull)
  const all = Object.entries({ ...env, ...quiet }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const options = {
    cwd,
    env: Object.fromEntries(all),
    extendEnv: false,
    reject: false,
    input,
    timeout: limitMs,
  } as const
  const result = await execa(file, args, { ...options, cancelSignal: signal })
  const said = `${result.stdout}\n${result.stderr}`
  const url = /https?:\/\/[^\s"'<>]+\/(?:pull|pulls|merge_requests)\/\d+/.exec(said)?.[0]
  const isThere = /already exists/i.test(said)
  if (url !== undefined && (result.exitCode === 0 || isThere)) return { url }
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  return { problem: lines.at(0)?.trim() ?? result.shortMessage ?? `exit code ${result.exitCode}` }
}
