import { join } from 'node:path'
import { type Scene, scene } from './scene.js'

/** A scene whose repository keeps batch runs, and repositories beside it to run them in. */
export function fleet(...names: string[]): Scene {
  const s = scene()
  for (const name of names) {
    s.gitAt(s.root, 'init', '-q', name)
    s.commit({ 'README.md': `${name}\n` }, 'Begin', join(s.root, name))
  }
  return s
}

/** An item of a run as `git amp batch status --json` tells. */
export interface Item {
  n: number
  status: string
  reason: string | null
  session: string
  dir: string
  prompt: string
  tries: number
  merged: boolean
  run: string | null
  tests: number | null
}

/** The items of a run, the newest one without a name. */
export async function itemsOf(s: Scene, ...run: string[]): Promise<Item[]> {
  const answer = await s.amp('batch', 'status', '--json', ...run)
  if (answer.code !== 0) throw new Error(answer.stderr)
  return JSON.parse(answer.stdout).items
}

/** Writes a plan, runs it, and tells the exit code and its items. */
export async function started(s: Scene, plan: object, ...args: string[]) {
  s.write({ 'plan.json': JSON.stringify(plan) })
  const answer = await s.amp('batch', 'start', '--file', 'plan.json', ...args)
  const [run] = /^\w{12}(?=\n$)/.exec(answer.stdout) ?? []
  return { answer, items: await itemsOf(s, ...(run === undefined ? [] : [run])) }
}

/** A coding agent that appends a line to `done.txt` and says that all is well, in the dialect of Amp and Claude. */
export const politeAgent = `case "$*" in *--help*) echo --dangerously-allow-all; exit 0 ;; esac
cat >/dev/null
echo done >>done.txt
echo '{"type":"system","subtype":"init","session_id":"T-1"}'
echo '{"type":"result","subtype":"success","is_error":false,"result":"ok","session_id":"T-1","total_cost_usd":0.25,"usage":{"input_tokens":10,"output_tokens":5}}'`
