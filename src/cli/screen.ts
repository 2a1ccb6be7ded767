import { textWidth } from '../util/width.js'
import type { AmpContext, Output } from './context.js'

type Keyboard = AmpContext['stdin'] & { isRaw?: boolean; setRawMode?: (isRaw: boolean) => unknown }

const enter = '\x1b[?1049h\x1b[2J\x1b[H'
const leave = '\x1b[?1049l'
/** Drawn as one by terminals that know it; others ignore it. */
const [begin, end] = ['\x1b[?2026h', '\x1b[?2026l']

/** The whole terminal, for a view that goes on: drawn line by line where something changed, and given back as it was. */
export class LiveScreen {
  private shown: string[] = []
  private wanted: readonly string[] = []
  private readonly onResize = () => {
    this.shown = []
    this.paint('\x1b[2J')
  }

  constructor(private readonly output: Output & { rows?: number }) {
    output.write(enter)
    output.on('resize', this.onResize)
  }

  get rows(): number {
    return (this.output.rows ?? 0) > 0 ? (this.output.rows ?? 24) : 24
  }

  get columns(): number {
    return (this.output.columns ?? 0) > 0 ? (this.output.columns ?? 80) : 80
  }

  /** Shows these lines, the ones that do not fit left out. */
  draw(lines: readonly string[]): void {
    this.wanted = lines
    this.paint('')
  }

  close(): void {
    this.output.off('resize', this.onResize)
    this.output.write(leave)
  }

  private paint(before: string): void {
    const next = this.wanted.slice(0, this.rows).map((line) => fitPainted(line, this.columns))
    let text = ''
    for (let row = 0; row < Math.max(next.length, this.shown.length); row++) {
      const line = next[row] ?? ''
      if (line !== (this.shown[row] ?? '')) text += `\x1b[${row + 1};1H${line}\x1b[K`
    }
    this.shown = next
    // The cursor waits where it is in nobody's way.
    if (text !== '' || before !== '') this.output.write(`${begin}${before}${text}\x1b[${this.rows};1H${end}`)
  }
}

/** Text with colours in at most `columns`: a line that wraps would spoil the lines below it. */
export function fitPainted(text: string, columns: number): string {
  let [fitted, width, isPainted] = ['', 0, false]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what this finds
  for (const [token] of text.matchAll(/\u001b\[[0-9;]*m|[^\u001b]/gu)) {
    if (token.startsWith('\x1b')) isPainted = token !== '\x1b[m'
    else if (width + textWidth(token) > columns) return isPainted ? `${fitted}\x1b[m` : fitted
    else width += textWidth(token)
    fitted += token
  }
  return fitted
}

/**
 * Hears single keys, unseen, until it is closed.
 * @returns what gives the keyboard back
 */
export function listenToKeys(stdin: AmpContext['stdin'], onKey: (key: string) => void): () => void {
  const keyboard = stdin as Keyboard
  if (keyboard.isTTY !== true || keyboard.setRawMode === undefined) return () => {}
  const wasRaw = keyboard.isRaw === true
  const listener = (chunk: Buffer | string) => onKey(chunk.toString())
  keyboard.setRawMode(true)
  keyboard.on('data', listener)
  keyboard.resume()
  return () => {
    keyboard.off('data', listener)
    keyboard.setRawMode?.(wasRaw)
    keyboard.pause()
  }
}
