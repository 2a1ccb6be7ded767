import { type ChildProcess, spawn } from 'node:child_process'
import { textWidth } from '../../src/util/width.js'
import type { Scene } from './scene.js'

/** What a terminal shows: the few sequences that git-amp and the libraries it draws with use. */
export class Screen {
  lines: string[] = ['']
  row = 0
  column = 0
  /** The lines that were there before the alternate screen. */
  private main: { lines: string[]; row: number; column: number } | null = null
  isCursorHidden = false

  get isAlternate(): boolean {
    return this.main !== null
  }

  text(): string {
    return this.lines.map((line) => line.trimEnd()).join('\n')
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what this reads
    for (const [token] of text.matchAll(/\u001b\[[?0-9;]*[A-Za-z]|\u001b\][^\u0007]*\u0007|\u001b.|[^\u001b]/gu))
      this.token(token)
  }

  private token(token: string): void {
    if (token === '\r') this.column = 0
    else if (token === '\n') this.to(this.row + 1, this.column)
    else if (token === '\b') this.column = Math.max(0, this.column - 1)
    else if (token.startsWith('\x1b[')) this.sequence(token.slice(2, -1), token.at(-1) ?? '')
    else if (token >= ' ' && !token.startsWith('\x1b')) this.put(token)
  }

  private put(char: string): void {
    const line = [...(this.lines[this.row] ?? '').padEnd(this.column)]
    line[this.column] = char
    this.lines[this.row] = line.join('')
    this.column += textWidth(char) > 0 ? 1 : 0
  }

  private sequence(argument: string, final: string): void {
    const [first = 0, second = 0] = argument.split(';').map(Number)
    const count = first || 1
    const line = this.lines[this.row] ?? ''
    if (final === 'A') this.to(this.row - count, this.column)
    else if (final === 'B') this.to(this.row + count, this.column)
    else if (final === 'C') this.column += count
    else if (final === 'D') this.column = Math.max(0, this.column - count)
    else if (final === 'E') this.to(this.row + count, 0)
    else if (final === 'F') this.to(this.row - count, 0)
    else if (final === 'G') this.column = count - 1
    else if (final === 'H') this.to(count - 1, (second || 1) - 1)
    else if (final === 'K') this.lines[this.row] = first === 2 ? '' : line.slice(0, this.column)
    else if (final === 'J')
      this.lines = first === 2 ? [''] : [...this.lines.slice(0, this.row), line.slice(0, this.column)]
    else if (argument === '?1049') this.alternate(final === 'h')
    else if (argument === '?25') this.isCursorHidden = final === 'l'
  }

  private to(row: number, column: number): void {
    this.row = Math.max(0, row)
    this.column = column
    while (this.lines.length <= this.row) this.lines.push('')
  }

  private alternate(isOn: boolean): void {
    const { lines, row, column } = this
    if (isOn) {
      this.main = { lines, row, column }
      Object.assign(this, { lines: [''], row: 0, column: 0 })
    } else if (this.main !== null) {
      Object.assign(this, this.main)
      this.main = null
    }
  }
}

/** A command on a pseudo-terminal of its own (`script` of util-linux), as leader of a process group. */
export class Terminal {
  readonly screen = new Screen()
  /** All that was written. */
  output = ''
  readonly ended: Promise<number | null>
  private readonly child: ChildProcess

  constructor(s: Scene, command: string, { columns = 80, rows = 24, cwd = s.dir } = {}) {
    const line = `stty cols ${columns} rows ${rows}; ${command}`
    this.child = spawn('script', ['-qefc', line, '/dev/null'], {
      cwd,
      env: { ...s.env, TERM: 'xterm', SHELL: '/bin/sh' } as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
      this.screen.write(text)
    })
    this.ended = new Promise((resolve) => this.child.once('close', resolve))
    this.scene = s
  }
  private readonly scene: Scene

  type(keys: string): void {
    this.child.stdin?.write(keys)
  }

  /** Waits until the screen shows something. */
  async shows(what: string | RegExp): Promise<void> {
    const isThere = () => (typeof what === 'string' ? this.screen.text().includes(what) : what.test(this.screen.text()))
    await this.scene.until(isThere, `${what} in ${JSON.stringify(this.output.slice(-2000))}`)
  }
}
