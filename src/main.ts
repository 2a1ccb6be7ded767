import { normalize } from './cli/argv.js'
import { findCall } from './cli/call.js'
import type { AmpContext } from './cli/context.js'
import { askEarly } from './cli/early.js'
import { report } from './cli/report.js'
import type { CommandSpec } from './cli/spec.js'
import { exitCodes } from './errors.js'
import type { Inquiry } from './git/inquiry.js'
import { type Entry, type Registry, registry } from './registry.js'

/**
 * Runs `git amp` once: parse, run, report.
 * @param argv the words after `git amp`
 * @returns the exit code
 */
export const main = (argv: readonly string[], context: AmpContext): Promise<number> => runWith(registry, argv, context)

/** The same with another table of commands. */
export async function runWith(table: Registry, argv: readonly string[], context: AmpContext): Promise<number> {
  const run: Run = { table, context, spec: null }
  try {
    const code = await dispatch(run, argv)
    return context.signal.aborted ? exitCodes.interrupted : code
  } catch (error) {
    return report(error, context, await usageLines(run.spec))
  }
}

/** One run, and the command it turned out to call. */
interface Run {
  table: Registry
  context: AmpContext
  spec: CommandSpec | null
}

async function dispatch(run: Run, argv: readonly string[]): Promise<number> {
  const { table, context } = run
  const call = findCall(argv, Object.values(table).flat())
  if (call.kind === 'command') return runCommand(run, call.entry, call.argv)
  if (call.kind === 'help') {
    await (await import('./commands/help.js')).showOverview(context, table)
    return 0
  }
  const { renderUsage, renderGroup } = await import('./render/help.js')
  context.ui.answer(call.kind === 'group' ? renderGroup(call.word, table) : renderUsage(table))
  return exitCodes.usage
}

/** Loads the one class that is called; git finds out about the repository meanwhile. */
async function runCommand(run: Run, entry: Entry, argv: readonly string[]): Promise<number> {
  const early = askEarly(entry, argv, run.context)
  try {
    return await execute(run, { entry, argv, early })
  } finally {
    early?.cancel()
  }
}

async function execute(
  run: Run,
  { entry, argv, early }: { entry: Entry; argv: readonly string[]; early: Inquiry | null },
): Promise<number> {
  const { context } = run
  const [commandClass, { build, specOf }] = await Promise.all([entry.load(), import('./cli/describe.js')])
  const spec = specOf(commandClass)
  run.spec = spec
  const { words, rest, passed, help } = normalize(spec, argv)
  if (help === 'short') {
    context.ui.answer((await import('./render/help.js')).renderShort(spec))
    return exitCodes.usage
  }
  if (help === 'full') {
    await (await import('./commands/help.js')).showCommand(context, spec)
    return 0
  }
  return build(commandClass, { spec, words, context: { ...context, rest, passed, early } }).execute()
}

async function usageLines(spec: CommandSpec | null): Promise<string> {
  return spec === null ? '' : (await import('./render/synopsis.js')).usageLine(spec)
}
