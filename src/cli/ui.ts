import type { Config } from '../git/config.js'
import type { Env } from '../host.js'
import type { Advice } from '../util/advice.js'
import { oneLine } from '../util/sanitize.js'
import type { Output } from './context.js'

/** Colours that git-amp uses, with their defaults; `color.amp.<slot>` changes them. */
const slots = {
  id: 'yellow',
  current: 'green',
  running: 'cyan',
  failed: 'red',
  dim: '',
  hint: 'yellow',
  heading: 'bold',
  match: 'bold red',
}
export type Slot = keyof typeof slots

/** The two streams: stdout is the answer, stderr the story. */
export class Ui {
  private stdoutColor: boolean
  private stderrColor: boolean
  private advice: (name: string) => boolean = () => true
  private colors: Record<string, string> = slots
  isQuiet = false
  private held: { to: Output; text: string }[] | null = null

  constructor(
    private readonly stdout: Output,
    private readonly stderr: Output,
    private readonly env: Env,
  ) {
    const wanted = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
    this.stdoutColor = wanted && (stdout.isTTY === true || env.GIT_PAGER_IN_USE === 'true')
    this.stderrColor = wanted && stderr.isTTY === true
  }

  /** Takes colours and advice from git's configuration. */
  configure(config: Config): void {
    this.advice = (name) => config.bool(`advice.${name}`, true)
    const choice = config.get('color.amp') ?? config.get('color.ui') ?? 'auto'
    if (/^(false|never|no|off|0)$/i.test(choice)) [this.stdoutColor, this.stderrColor] = [false, false]
    if (/^always$/i.test(choice)) [this.stdoutColor, this.stderrColor] = [true, true]
    this.colors = Object.fromEntries(
      Object.entries(slots).map(([slot, value]) => [slot, config.get(`color.amp.${slot}`) ?? value]),
    )
  }

  /** Keeps everything back while something is drawn on the terminal. */
  hold(): void {
    this.held ??= []
  }

  /** Writes what was kept back, in order. */
  release(): void {
    const held = this.held ?? []
    this.held = null
    for (const { to, text } of held) to.write(text)
  }

  private write(to: Output, text: string): void {
    if (this.held === null) to.write(text)
    else this.held.push({ to, text })
  }

  /** Writes the answer. A final newline is added when there is text without one. */
  answer(text: string): void {
    if (text !== '') this.write(this.stdout, text.endsWith('\n') || text.endsWith('\0') ? text : `${text}\n`)
  }

  /** One JSON value. */
  json(value: unknown): void {
    this.write(this.stdout, `${JSON.stringify(value, null, 2)}\n`)
  }

  /** A line of the story, silent under `--quiet`. */
  tell(line: string): void {
    if (!this.isQuiet) this.write(this.stderr, `${line}\n`)
  }

  /** A line on the terminal that the next one is written over; an empty one takes it away. */
  overwrite(line: string): void {
    if (!this.isQuiet && this.isTerminal && this.held === null) this.stderr.write(`\r\x1b[K${line}`)
  }

  warn(line: string): void {
    this.write(this.stderr, `warning: ${line}\n`)
  }

  /** Whether advice of this name is wanted. */
  advises(name: Advice): boolean {
    return this.advice(name)
  }

  /** Advice, which `git config advice.<name> false` silences. */
  hint(line: string, name: Advice): void {
    if (this.isQuiet || !this.advice(name)) return
    for (const part of line.split('\n')) this.write(this.stderr, `${this.onStderr('hint', `hint: ${part}`)}\n`)
  }

  /** Asks for the user's attention on a terminal: a notification (OSC 9), and the bell for terminals that show none. */
  ring(text: string): void {
    if (this.isTerminal) this.write(this.stderr, `\x1b]9;${oneLine(text)}\x07\x07`)
  }

  /** An error with its prefix (`fatal`, `error`) and hints. */
  error(prefix: string, message: string, hints: readonly string[]): void {
    this.write(this.stderr, `${prefix}: ${message}\n`)
    for (const hint of hints)
      for (const part of hint.split('\n')) this.write(this.stderr, `${this.onStderr('hint', `hint: ${part}`)}\n`)
  }

  /** Text in the colour of a slot, when stdout shows colours. */
  paint(slot: Slot, text: string): string {
    return this.stdoutColor ? colored(this.colors[slot] ?? '', text) : text
  }

  /** Whether git should colour what becomes part of the answer. */
  get color(): 'always' | 'never' {
    return this.stdoutColor ? 'always' : 'never'
  }

  /** Width to fit an answer into: the terminal's, or null when stdout is none and nothing may be cut. */
  get width(): number | null {
    if (this.stdout.isTTY === true) return this.stdout.columns ?? 80
    const columns = Number(this.env.COLUMNS)
    return this.env.GIT_PAGER_IN_USE === 'true' && columns > 0 ? columns : null
  }

  get isTerminal(): boolean {
    return this.stderr.isTTY === true && this.env.TERM !== 'dumb'
  }

  /** The same for text that goes to stderr. */
  paintStory(slot: Slot, text: string): string {
    return this.onStderr(slot, text)
  }

  private onStderr(slot: Slot, text: string): string {
    return this.stderrColor ? colored(this.colors[slot] ?? '', text) : text
  }
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
const attributes: Record<string, number> = { bold: 1, dim: 2, italic: 3, ul: 4, blink: 5, reverse: 7, strike: 9 }

/** Git's colour words: the first colour is the foreground, the second the background; unknown words are skipped. */
function colored(spec: string, text: string): string {
  let isBackground = false
  const codes: (string | number)[] = []
  for (const word of spec.split(/\s+/)) {
    const name = word.replace(/^bright/, '')
    const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(word)
    if (attributes[word] !== undefined) codes.push(attributes[word])
    else if (hex !== null)
      codes.push(
        `${isBackground ? 48 : 38};2;${hex
          .slice(1)
          .map((part) => Number.parseInt(part, 16))
          .join(';')}`,
      )
    else if (/^\d{1,3}$/.test(word)) codes.push(`${isBackground ? 48 : 38};5;${word}`)
    else if (names.includes(name)) codes.push(names.indexOf(name) + (isBackground ? 40 : 30) + (name === word ? 0 : 60))
    else continue
    if (attributes[word] === undefined) isBackground = true
  }
  return codes.length === 0 ? text : `\x1b[${codes.join(';')}m${text}\x1b[m`
}
