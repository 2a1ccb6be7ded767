import { spawn } from 'node:child_process'
import { Git } from '../git/run.js'
import type { Env } from '../host.js'
import type { AmpContext } from './context.js'

/** Writes a long answer: through git's pager on a terminal, plainly elsewhere. */
export async function page(context: AmpContext, text: string): Promise<void> {
  const pager = await pagerFor(context)
  const isShown = pager !== null && (await run(context, ['sh', '-c', pager], text))
  if (!isShown) context.ui.answer(text)
}

/** Opens a page of the manual with `man`; false when that is not possible here. */
export async function openMan(context: AmpContext, name: string): Promise<boolean> {
  const { manDir, host, stdout } = context
  if (manDir === undefined || stdout.isTTY !== true) return false
  const file = `${manDir}${name}.1`
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
function run({ host }: AmpContext, argv: readonly [string, ...string[]], input: string | null): Promise<boolean> {
  const [program, ...args] = argv
  const env: Env = { LESS: 'FRX', LV: '-c', ...host.env, GIT_PAGER_IN_USE: 'true' }
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: host.cwd,
      env: env as NodeJS.ProcessEnv,
      stdio: [input === null ? 'inherit' : 'pipe', 'inherit', 'inherit'],
    })
    child.once('error', () => resolve(false))
    // 127: the shell did not find the pager. A pager that the user left early has done its work.
    child.once('close', (code) => resolve(input === null ? code === 0 : code !== 127))
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}
