import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { realProcesses } from '../../src/processes.js'
import { bundle, run } from './bundle.js'
import type { Scene } from './scene.js'

const processes = realProcesses()

/** Runs a command of the bundle and kills it when its n-th git call has ended. @returns whether it came to its end before */
export async function killedAt(s: Scene, n: number, ...argv: string[]): Promise<boolean> {
  // It stays: a git that the killed one had started beside may still count itself.
  const count = mkdtempSync(join(s.root, 'count-'))
  const real = s.env.PATH
  // Calls run side by side: a directory is made by one of them alone.
  const number = `n=1; while ! mkdir '${count}'/$n 2>/dev/null; do n=$((n + 1)); done`
  s.program('git', `PATH='${real}'\n${number}\ngit "$@"\ncode=$?\n[ $n -eq ${n} ] && kill -9 $PPID\nexit $code`)
  const ended = await run(s, [process.execPath, bundle(), ...argv])
  s.env.PATH = real
  // What it had started ends by itself.
  await s.until(async () => (await processes.workingIn(s.root)).length === 0, 'its children to end')
  expect(ended.stderr).not.toContain('internal error')
  rmSync(join(s.root, 'bin/git'))
  return ended.signal === null
}
