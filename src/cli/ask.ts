import type { AmpContext } from './context.js'

/** Whether somebody is there to answer a question. */
export const canAnswer = (context: AmpContext): boolean => context.stdin.isTTY === true && context.ui.isTerminal

/** Whether a session can be chosen: standard input also gives its keys one by one. */
export const canChoose = (context: AmpContext): boolean =>
  canAnswer(context) && typeof (context.stdin as { setRawMode?: unknown }).setRawMode === 'function'

/** Asks for a yes or no on the terminal; anything but a yes is a no. */
export async function confirm(context: AmpContext, question: string): Promise<boolean> {
  context.stderr.write(`${question} [y/N] `)
  const answer = await firstLine(context)
  return /^\s*y(es)?\s*$/i.test(answer)
}

/** Lines that came with one another: the next question gets the next one. */
const waiting = new WeakMap<AmpContext['stdin'], string>()

async function firstLine({ stdin, signal }: AmpContext): Promise<string> {
  let text = waiting.get(stdin) ?? ''
  while (!text.includes('\n')) {
    const chunk = await next(stdin, signal)
    if (chunk === null) break
    text += chunk
  }
  const end = text.indexOf('\n')
  waiting.set(stdin, end < 0 ? '' : text.slice(end + 1))
  return end < 0 ? text : text.slice(0, end)
}

/** What is typed next; null at the end. The stream is paused afterwards, so that it keeps nothing alive. */
function next(stdin: AmpContext['stdin'], signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const done = (value: string | null) => {
      stdin.off('data', onData).off('end', onEnd)
      signal.removeEventListener('abort', onAbort)
      stdin.pause()
      resolve(value)
    }
    const onData = (chunk: Buffer | string) => done(chunk.toString())
    const onEnd = () => done(null)
    const onAbort = () => {
      done(null)
      reject(signal.reason)
    }
    if (stdin.readableEnded) return resolve(null)
    stdin.on('data', onData).on('end', onEnd)
    signal.addEventListener('abort', onAbort)
    stdin.resume()
  })
}
