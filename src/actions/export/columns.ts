/** The tables of `git amp export` and their columns: the contract that the manual shows, and every row keeps. Pure. */

/** `time` is ISO 8601 with its zone, `flag` true or false. Every cell may be empty. */
export type ColumnKind = 'text' | 'time' | 'number' | 'flag'

export interface ColumnSpec {
  name: string
  kind: ColumnKind
  /** What it holds, without a full stop. */
  meaning: string
}

/** A value of a column; null is unknown, or that there is none. */
export type Cell = string | number | boolean | null
export type Row = Readonly<Record<string, Cell>>

const column =
  (kind: ColumnKind) =>
  <N extends string>(name: N, meaning: string): ColumnSpec & { name: N } => ({ name, kind, meaning })
const text = column('text')
const time = column('time')
const number = column('number')
const flag = column('flag')

const tokens = [
  number('input', 'Tokens read, without those from a cache'),
  number('output', 'Tokens written'),
  number('cache_read', 'Tokens read from a cache'),
  number('cache_write', 'Tokens written to a cache'),
]

export const tables = {
  sessions: [
    text('repository', 'Path of the repository'),
    text('session', 'Id'),
    text('name', 'Name'),
    text('state', 'State that is recorded, as "git amp list" shows it'),
    text('result', 'merged, passed, failed, untested, running or new'),
    text('agent', 'Agent'),
    text('model', 'Model that was asked for'),
    text('prompt', 'Prompt it was started with, whole'),
    text('branch', 'Branch'),
    text('base_ref', 'Ref it was started from'),
    text('base', 'Commit that its work begins at'),
    text('head', 'Commit that its work ends at; several when it has diverged'),
    text('batch', 'Batch run that made it'),
    text('labels', 'Labels'),
    text('created_by', 'Who started it'),
    time('created_at', 'When it was started'),
    time('updated_at', 'When something was recorded last'),
    number('iterations', 'Number of iterations'),
    number('iterations_to_pass', 'The first iteration whose tests passed, counted from 1'),
    text('tests', 'pass or fail, the last time they were run'),
    number('files', 'Files changed against the base'),
    number('insertions', 'Lines added'),
    number('deletions', 'Lines removed'),
    number('tool_calls', 'Tool calls of all iterations'),
    number('duration_ms', 'Time that all iterations took, in milliseconds'),
    ...tokens,
    number('cost_usd', 'Known cost of all iterations, in US dollars'),
    number('unpriced', 'Iterations without a known cost, which cost_usd lacks'),
    text('merged_into', 'Ref it was merged into'),
    time('merged_at', 'When it was merged'),
  ],
  iterations: [
    text('session', 'Id of the session'),
    text('iteration', 'Id'),
    number('n', 'Number in the session'),
    text('agent', 'Agent'),
    text('model', 'Model that was asked for'),
    text('models', 'Models that were used'),
    text('host', 'Machine it ran on'),
    time('started_at', 'When it began'),
    time('ended_at', 'When it ended'),
    number('duration_ms', 'How long the agent ran, in milliseconds'),
    text('outcome', 'success, no-change, failed, interrupted or open'),
    text('reason', 'Why it failed'),
    number('exit', 'Exit code of the agent'),
    text('prompt', 'What the agent was asked, whole'),
    text('summary', 'Its last words, whole'),
    text('commit_before', 'Commit it began at'),
    text('commit', 'Commit it ended in'),
    number('files', 'Files changed'),
    number('insertions', 'Lines added'),
    number('deletions', 'Lines removed'),
    number('tool_calls', 'Tool calls'),
    ...tokens,
    number('cost_usd', 'Cost in US dollars; empty when it is not known'),
    text('cost_source', 'agent when the agent reported it, else the source of the prices'),
    text('tests', 'pass or fail'),
    number('test_exit', 'Exit code of the tests'),
    number('test_duration_ms', 'How long the tests ran, in milliseconds'),
    time('tested_at', 'When they were run'),
  ],
  tool_calls: [
    text('session', 'Id of the session'),
    text('iteration', 'Id of the iteration'),
    number('n', 'Number of the iteration'),
    number('call', 'Number of the call in the iteration'),
    time('at', 'When it was called'),
    text('tool', 'Name of the tool'),
    text('input', 'What it was given: a text as it is, anything else as JSON'),
    flag('failed', 'Whether it failed; empty when no result is known'),
    number('duration_ms', 'How long it took, in milliseconds'),
    number('output_bytes', 'Length of its result'),
  ],
  merges: [
    text('session', 'Id of the session'),
    time('at', 'When the merge was recorded'),
    text('by', 'Who merged'),
    text('into', 'Ref it was merged into'),
    text('before', 'Commit of that ref before'),
    text('after', 'Commit of that ref after'),
    text('via', 'ff, merge or squash'),
    text('result', 'done, undone, abandoned, or open when its end is not recorded'),
  ],
  batches: [
    text('batch', 'Id'),
    text('name', 'Name of the run'),
    text('state', 'running, finished or aborted'),
    text('created_by', 'Who started it'),
    time('created_at', 'When it was started'),
    time('ended_at', 'When it ended'),
    number('items', 'Number of items'),
    number('succeeded', 'Items that succeeded'),
    text('plan', 'The plan as JSON'),
  ],
  batch_items: [
    text('batch', 'Id of the batch run'),
    number('n', 'Number in the plan'),
    text('key', 'Key of the item'),
    text('repository', 'Repository'),
    text('prompt', 'Prompt, whole'),
    text('agent', 'Agent'),
    text('model', 'Model'),
    number('attempt', 'Number of the attempt'),
    text('status', 'queued, running, success, fail, timeout, error or aborted'),
    text('session', 'Id of its session'),
    text('error', 'Why it did not succeed'),
    number('iterations', 'Number of iterations'),
    number('duration_ms', 'How long it took, in milliseconds'),
    number('cost_usd', 'Known cost of all tries, in US dollars'),
    time('updated_at', 'When its status was recorded last'),
  ],
} as const satisfies Record<string, readonly ColumnSpec[]>

export type Table = keyof typeof tables

/** Every table, in the order in which they are written. */
export const tableNames = Object.keys(tables) as Table[]

/** The columns of a table. */
export const columnsOf = (table: Table): readonly ColumnSpec[] => tables[table]

/** The value of every column of a table: a row that lacks one, or has one more, is a mistake of ours. */
export type RowOf<T extends Table> = Readonly<Record<(typeof tables)[T][number]['name'], Cell>>
