import { resolve } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { AmpContext, Output } from '../../src/cli/context.js'
import { Ui } from '../../src/cli/ui.js'
import type { Host } from '../../src/host.js'
import { main } from '../../src/main.js'
import { testHost } from './host.js'

/** What a command answered. */
export interface Answer {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd: string
  env: Record<string, string | undefined>
  stdin?: string
  signal?: AbortSignal
  now?: () => Date
  /** Whether stderr is a terminal. */
  isTerminal?: boolean
  /** What a person types on a terminal. */
  answers?: string
  /** Doors to the machine that differ from the real ones. */
  host?: Partial<Host>
}

/** Runs `git amp <argv>` in this process, with streams that are kept. */
export async function runAmp(argv: readonly string[], options: RunOptions): Promise<Answer> {
  const [stdout, stderr] = [capture(), capture()]
  const isTerminal = options.isTerminal === true || options.answers !== undefined
  if (isTerminal) stderr.stream.isTTY = true
  const typed = options.answers ?? options.stdin
  const stdin = Readable.from(typed === undefined ? [] : [Buffer.from(typed)]) as AmpContext['stdin']
  if (options.answers !== undefined) stdin.isTTY = true
  const env = { ...options.env }
  const context: AmpContext = {
    host: testHost({
      cwd: options.cwd,
      env,
      ...(options.now === undefined ? {} : { now: options.now }),
      ...options.host,
    }),
    ui: new Ui(stdout.stream, stderr.stream, env),
    env,
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    colorDepth: 1,
    signal: options.signal ?? new AbortController().signal,
    self: [],
    rest: null,
    passed: [],
    packageDir: resolve(import.meta.dirname, '../..'),
  }
  const code = await main(argv, context)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function capture(): { stream: Output; text(): string } {
  const chunks: Buffer[] = []
  const stream = new PassThrough()
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}

/** Text with ids, object ids, times and paths replaced, so that it can be compared. */
export function plain(text: string, root: string): string {
  return text
    .replaceAll(root, '$ROOT')
    .replace(/\b[0-9a-f]{40}\b/g, '<oid>')
    .replace(/\b[0-9a-f]{12}\b/g, '<oid12>')
    .replace(/\b\d{8}-\d{6}(-\d+)?\b/g, '<time>')
    .replace(/\b[0-9a-hjkmnp-tv-z]{12}\b/g, (word) => (/\d/.test(word) ? '<id>' : word))
    .replace(/(git amp [a-z]+ )[0-9a-hjkmnp-tv-z]{4}\b(?=[" ])/g, '$1<short>')
    .replace(/\b\d+ (seconds?|minutes?) ago\b/g, '<age>')
}
