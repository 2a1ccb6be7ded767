import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Scene } from './scene.js'

const running: ChildProcess[] = []
afterAll(() => {
  // Each leads a process group of its own.
  for (const { pid } of running.splice(0)) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
})

/** Starts a server and waits for the line that says that it listens. */
function serve(s: Scene, argv: readonly string[], sign: RegExp): Promise<string> {
  const [file = '', ...args] = argv
  const env = s.env as NodeJS.ProcessEnv
  const child = spawn(file, args, { cwd: s.root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  return new Promise((resolve, reject) => {
    let text = ''
    const listen = (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const found = sign.exec(text)
      if (found !== null) resolve(found[1] ?? '')
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${file} ended: ${text}`)))
  })
}

/** Serves the repositories of a scene over http; with `login` (`user:password`) to those who know it. Returns the address. */
export async function httpServer(s: Scene, login?: string): Promise<string> {
  const script = join(import.meta.dirname, 'http-backend.mjs')
  const argv = [process.execPath, script, s.root, ...(login === undefined ? [] : [login])]
  return `http://127.0.0.1:${await serve(s, argv, /^(\d+)\n/)}`
}

/** Serves them by `git daemon`. Returns the address. */
export async function gitDaemon(s: Scene): Promise<string> {
  const port = await freePort()
  const where = ['--listen=127.0.0.1', `--port=${port}`, `--base-path=${s.root}`]
  const how = ['--verbose', '--reuseaddr', '--export-all', '--enable=receive-pack']
  await serve(s, ['git', 'daemon', ...how, ...where], /Ready to rumble/)
  return `git://127.0.0.1:${port}`
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })

/** A program that stands for ssh: it writes down the host, and runs the command here. Returns its path. */
export function fakeSsh(s: Scene): string {
  const log = join(s.root, 'ssh.log')
  s.program(
    'fake-ssh',
    `while :; do case $1 in -o|-p) shift 2;; -*) shift;; *) break;; esac; done
echo "$1" >>'${log}'
shift
exec sh -c "$*"`,
  )
  return join(s.root, 'bin/fake-ssh')
}
