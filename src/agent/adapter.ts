import type { ModelUsage, ThreadTotal, Usage } from '../state/events.js'

/**
 * What a figure counts: one `step`, of which the run is the sum; the whole `run`, which replaces its steps; or the whole `thread` since it
 * began, of which the run is the difference to what the thread had reported before.
 */
export type Scope = 'step' | 'run' | 'thread'

/** What an agent did, in one vocabulary for all of them. */
export type AgentEvent =
  | { type: 'thread'; id: string }
  | { type: 'model'; name: string }
  | { type: 'text'; text: string }
  | { type: 'thinking'; text: string }
  | { type: 'tool'; id: string; name: string; input: unknown }
  /** `durationMs` when the agent measured it; otherwise the time between the two lines counts. */
  | { type: 'tool-result'; id: string; output: string; failed: boolean; durationMs?: number }
  /** Tokens; of one model alone when it is named. */
  | { type: 'usage'; usage: Usage; scope: Scope; model?: string }
  /** What the agent itself says it cost, in US dollars. */
  | { type: 'cost'; usd: number; scope: Scope; model?: string }
  /** The agent will not go on before somebody has logged in or approved something. `message` says what to do. */
  | { type: 'waiting'; for: 'login' | 'approval'; message: string }
  /** `thread`: the thread to continue is not there. `transient`: a rate limit, an overload, a network that is away. */
  | { type: 'error'; message: string; kind?: 'thread' | 'transient' }
  /** It begins anew after an end that it announced: only the next end is its end. */
  | { type: 'again' }
  /** The agent says that it has come to its end. `ok` is its own word: the exit code has to agree. */
  | { type: 'end'; ok: boolean; text: string | null }

/** What an adapter needs to know to call its program. */
export interface CallRequest {
  prompt: string
  /** Thread of an earlier iteration of the same session, to be continued; null starts a new one. */
  thread: string | null
  model: string | null
  /** Absolute path of the worktree. */
  worktree: string
  /** Whether the agent may use its tools without asking (`amp.agent.<name>.approve`). */
  approve: boolean
  /** Output of the program's help, when the adapter asked for it with `help`; empty otherwise. */
  help: string
}

/** How the program is called. */
export interface AgentCall {
  /** Program and arguments; never goes through a shell. */
  argv: readonly [string, ...string[]]
  /** Written to stdin, which is then closed. */
  stdin: string
  /** Added to the environment. */
  env?: Record<string, string>
}

/** Turns the lines of one run into events. A reader has state and serves one run. */
export interface AgentReader {
  /** One line of stdout that is a JSON value. Unknown values give no events. */
  json(value: unknown): AgentEvent[]
  /** One line of stdout that is not JSON. */
  text(line: string): AgentEvent[]
  /** All output has come. What only its end tells: a lost thread or a missing login on stderr, an end that has no event of its own. */
  close?(stderr: string): AgentEvent[]
  /** Whether this run prints an end event, when its adapter cannot know it beforehand. */
  readonly announcesEnd?: boolean
}

/** One coding agent: how to call, how to continue, how to read. */
export interface AgentAdapter {
  readonly name: string
  /** Program looked up on PATH. */
  readonly program: string
  /** Where to get the program, as one sentence for the error about a missing agent; null when it is built in. */
  readonly install: string | null
  /** How to log in, as the end of a sentence; absent when there is nothing to log in to. */
  readonly login?: string
  /** Whether the last prompt can be answered in an earlier thread. */
  readonly continues: boolean
  /**
   * Whether a thread can be continued in another directory than the one it was used in, as far as the program's help tells. Absent: the program says
   * so itself when it cannot.
   */
  threadMoves?(help: string): boolean
  /** Whether the program prints an end event, without which no run is a success. */
  readonly announcesEnd: boolean
  /** Arguments that print the program's help, when flags must be detected and not assumed. */
  readonly help?: readonly string[]
  call(request: CallRequest): AgentCall
  /** @param who another agent that speaks as this one does */
  reader(who?: Who): AgentReader
}

/** An agent in what is told of it: its name, and what its user does when it waits for somebody. */
export interface Who {
  readonly name: string
  readonly login?: string
  /** Nothing of git-amp's decides about its approvals. */
  readonly isCustom?: boolean
}

/** How one run of an agent ended. */
export interface AgentRun {
  /** End event seen, no error flag and exit 0: all three. */
  ok: boolean
  exit: number | null
  signal: NodeJS.Signals | null
  /** Why `ok` is false, as a short sentence; null when it is true. */
  reason: string | null
  /** The thread to continue next time, when the agent named one. */
  thread: string | null
  /** The agent's last words. */
  text: string | null
  /** What this run used; null when the agent told nothing. */
  usage: Usage | null
  /** The same by model, when the agent names its models. */
  models: ModelUsage[]
  /** What the agent says this run cost, in US dollars; null when it does not say. */
  costUsd: number | null
  /** What a cumulative reporter said of its whole thread, to be subtracted from what it says next time. */
  threadTotal: ThreadTotal | null
  /** What it waited for when it was stopped. */
  waiting: 'login' | 'approval' | null
  /** The failure is that the thread to continue is not there. */
  isThreadLost: boolean
  /** The failure is one that may be gone next time. */
  isTransient: boolean
  /** It was stopped because it took too long, in all or in silence. */
  isTimeout: boolean
  toolCalls: number
  durationMs: number
}
