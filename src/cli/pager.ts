import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { Git } from '../git/run.js'
import type { Env } from '../host.js'
import type { AmpContext } from './context.js'

/** Writes a long answer: through git's pager on a terminal, plainly elsewhere. */
export async function page(context: AmpContext, text: string): Promise<void> {
  const pager = await pagerFor(context)
  const isShown = pager !== null && (await run(context, ['sh', '-c', pager], text))
  if (!isShown) context.ui.answer(text)
}

/** The same for an answer that comes piece by piece. */
export async function pagePieces(context: AmpContext, pieces: AsyncIterable<string>): Promise<void> {
  const pager = await pagerFor(context)
  if (pager === null) return pour(context.stdout, pieces)
  const { child, ended } = startOnTerminal(context, ['sh', '-c', pager], 'pipe')
  child.stdin?.on('error', () => {})
  if (child.stdin !== null) await pour(child.stdin, pieces)
  child.stdin?.end()
  await ended
}

/** Writes pieces as fast as they are taken; a reader that went away ends it. */
export async function pour(into: Writable, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    if (isClosed(into)) return
    if (piece.length === 0 || into.write(piece)) continue
    await new Promise<void>((resolve) => {
      const events = ['drain', 'close', 'error', 'finish'] as const
      const go = () => {
        for (const event of events) into.off(event, go)
        resolve()
      }
      for (const event of events) into.on(event, go)
      if (isClosed(into) || !into.writableNeedDrain) go()
    })
  }
}

const isClosed = (stream: Writable): boolean => stream.destroyed || stream.errored !== null || stream.writableEnded

/** Opens a page of the manual with `man`; false when that is not possible here. */
export async function openMan(context: AmpContext, name: string): Promise<boolean> {
  const { packageDir, host, stdout } = context
  if (packageDir === undefined || stdout.isTTY !== true) return false
  const file = join(packageDir, 'man', `${name}.1`)
  const isThere = await host.fs.access(file).then(
    () => true,
    () => false,
  )
  return isThere && (await run(context, ['man', file], null))
}

/** The pager's command line, or null when the answer goes out plainly. Git may have started one already. */
async function pagerFor({ host, stdout }: AmpContext): Promise<string | null> {
  if (stdout.isTTY !== true || host.env.GIT_PAGER_IN_USE === 'true') return null
  const { code, stdout: name } = await new Git(host.cwd, host.env).run(['var', 'GIT_PAGER'], { ok: [0, 1, 128] })
  const pager = name.trim()
  return code !== 0 || pager === '' || pager === 'cat' ? null : pager
}

/** Runs a program on the terminal and waits for it; false when it could not do its work. */
async function run(context: AmpContext, argv: readonly [string, ...string[]], input: string | null): Promise<boolean> {
  const { child, ended } = startOnTerminal(context, argv, input === null ? 'inherit' : 'pipe')
  child.stdin?.on('error', () => {})
  child.stdin?.end(input ?? '')
  const code = await ended
  // 127: the shell did not find the pager. A pager that the user left early has done its work.
  return code !== null && (input === null ? code === 0 : code !== 127)
}

/** Starts a program on the terminal. `ended` gives its exit code, -1 after a signal, and null when it did not start. */
function startOnTerminal(
  { host }: AmpContext,
  [program, ...args]: readonly [string, ...string[]],
  stdin: 'inherit' | 'pipe',
): { child: ChildProcess; ended: Promise<number | null> } {
  const env: Env = { LESS: 'FRX', LV: '-c', ...host.env, GIT_PAGER_IN_USE: 'true' }
  const child = spawn(program, args, {
    cwd: host.cwd,
    env: env as NodeJS.ProcessEnv,
    stdio: [stdin, 'inherit', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', (code) => resolve(code ?? -1))
  })
  return { child, ended }
}
