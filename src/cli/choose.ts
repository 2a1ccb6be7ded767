import type { Offered } from '../repo.js'
import { fuzzySort } from '../util/fuzzy.js'
import { oneLine } from '../util/sanitize.js'
import { relativeDate } from '../util/time.js'
import { fitText, padText, textWidth } from '../util/width.js'
import type { AmpContext } from './context.js'
import { Interrupted } from './interrupt.js'

/** So many sessions are shown at a time. */
const shownRows = 10

/** What a key does; without the rest of what the library knows, which is for lists that can be edited. */
const actions = {
  ctrl: { c: 'cancel', d: 'cancel', j: 'submit', m: 'submit', n: 'next', p: 'prev', h: 'delete' },
  shift: { tab: 'prev' },
  fn: {},
  option: {},
  keys: {
    escape: 'cancel',
    return: 'submit',
    enter: 'submit',
    up: 'prev',
    down: 'next',
    tab: 'next',
    backspace: 'delete',
    delete: 'deleteForward',
    left: 'left',
    right: 'right',
    space: 'space',
    number: 'number',
  },
}

/** The part of the library's prompt that is used or replaced. */
interface Prompt {
  input: string
  index: number
  choices: readonly Row[]
  visible: readonly Row[]
  state: { submitted?: boolean; cancelled?: boolean; size: number; prompt: string; cursor: number }
  clear(size: number): void
  write(text: string): void
  restore(): void
  alert(): void
  append(text: string): unknown
  complete(): unknown
  submit(): Promise<void>
  cancel(): Promise<void>
  run(): Promise<string>
}

interface Row {
  name: string
  message: string
}

/**
 * Lets the user choose one of some sessions by typing a few letters of it, on standard error.
 * @returns its id
 * @throws Interrupted after Esc or Ctrl-C
 */
export async function chooseSession(context: AmpContext, sessions: readonly Offered[]): Promise<string> {
  const { default: enquirer } = await import('enquirer')
  const { AutoComplete } = enquirer as unknown as { AutoComplete: new (options: object) => Prompt }
  const { stdin, stderr, signal, ui } = context
  const columns = (stderr.columns ?? 0) > 0 ? (stderr.columns ?? 80) : 80
  const texts = new Map(rowsOf(sessions, context).map(([id, text]) => [id, fitText(text, columns - 3)]))
  const full = new Map(sessions.map((session) => [session.id, searched(session)]))
  const question = 'Which session?'

  class Picker extends AutoComplete {
    dispatch(text: string | undefined, key: { ctrl?: boolean; meta?: boolean }): unknown {
      const isText = text !== undefined && text >= ' ' && text !== '\x7f' && key.ctrl !== true && key.meta !== true
      return isText ? this.append(text) : undefined
    }
    /** What fits best is the first, and is what Enter takes. */
    override complete(): unknown {
      this.index = 0
      return super.complete()
    }
    left(): void {}
    right(): void {}
    override async submit(): Promise<void> {
      if (this.visible.length === 0) return this.alert()
      return super.submit()
    }
    async render(): Promise<void> {
      const { submitted, cancelled, size } = this.state
      this.state.prompt = question
      const chosen = this.visible[this.index]
      const answer = submitted !== true ? this.input : cancelled === true ? '' : nameOf(sessions, chosen?.name)
      const rows = submitted === true ? [] : this.rows()
      this.clear(size)
      this.write([`${question} ${answer}`, ...rows].join('\n'))
      this.restore()
    }
    private rows(): string[] {
      if (this.visible.length === 0) return ['  (no session has these letters)']
      return this.visible.map(({ name }, at) => {
        const text = texts.get(name) ?? ''
        return at === this.index ? ui.paintStory('current', `> ${text}`) : `  ${text}`
      })
    }
  }

  const prompt = new Picker({
    name: 'session',
    message: question,
    stdin,
    stdout: stderr,
    actions,
    limit: Math.max(1, Math.min(shownRows, ((stderr as { rows?: number }).rows ?? 24) - 2)),
    choices: sessions.map(({ id }) => ({ name: id, message: id })),
    suggest: (typed: string, all: readonly Row[]) => fuzzySort(typed, all, ({ name }) => full.get(name) ?? ''),
  })
  const end = () => void prompt.cancel()
  signal.addEventListener('abort', end)
  stdin.once('end', end)
  try {
    return await prompt.run()
  } catch (error) {
    // The library rejects with nothing, or an empty text, when the user has left.
    if (error instanceof Error) throw error
    throw signal.aborted ? signal.reason : new Interrupted('SIGINT')
  } finally {
    signal.removeEventListener('abort', end)
    stdin.off('end', end)
    stdin.pause()
  }
}

const nameOf = (sessions: readonly Offered[], id: string | undefined): string => {
  const session = sessions.find((one) => one.id === id)
  return session === undefined ? '' : `${session.shortId} ${oneLine(session.slug)}`
}

const searched = ({ id, slug, title, state, labels }: Offered): string =>
  oneLine([slug, id, title, state, ...labels].join(' '))

/** A line for each session: id, name, state, age, title. */
function rowsOf(sessions: readonly Offered[], { host }: AmpContext): [id: string, text: string][] {
  const now = host.now()
  const cells = sessions.map(({ shortId, state, slug, updatedAt, title }) => [
    shortId,
    fitText(oneLine(slug), 24),
    state,
    relativeDate(updatedAt, now),
    oneLine(title),
  ])
  const widths = [0, 1, 2, 3].map((at) => Math.max(...cells.map((row) => textWidth(row[at] ?? ''))))
  return cells.map((row, at) => [
    sessions[at]?.id ?? '',
    row.map((cell, column) => (column < widths.length ? padText(cell, widths[column] ?? 0) : cell)).join('  '),
  ])
}
