import type { AmpContext, Output } from './context.js'

/** Something that takes its time and can say what it is doing. */
export interface LiveTask<T> {
  /** One line: what it is, and how far. */
  title(): string
  /** More about it, shown when it is alone. */
  detail(): string[]
  run(): Promise<T>
  /** Whether what it ended in is bad. */
  isBad(value: T): boolean
}

/** The clock in a title moves on although nothing else happens. */
const refreshMs = 1000

/**
 * Runs tasks, `jobs` at a time, whatever becomes of the others. On a terminal they are one live view on stderr, which is gone when they have
 * ended; everything that is told meanwhile is printed then.
 */
export async function runLive<T>(
  { ui, stderr, stdout }: Pick<AmpContext, 'ui' | 'stderr' | 'stdout'>,
  tasks: readonly LiveTask<T>[],
  { jobs, isLive }: { jobs: number; isLive: boolean },
): Promise<PromiseSettledResult<T>[]> {
  const { Listr, DefaultRenderer, SilentRenderer, ListrLogger, ProcessOutput } = await import('listr2')
  // Of its own accord listr2 draws on stdout, and only when that is a terminal.
  class StderrRenderer extends DefaultRenderer {
    static override nonTTY = true
  }
  const results: PromiseSettledResult<T>[] = []
  const isAlone = tasks.length === 1
  const list = new Listr(
    tasks.map((task, index) => ({
      title: fit(task.title(), stderr),
      task: async (_: unknown, row: { title: string; output: string }) => {
        const refresh = () => {
          row.title = fit(task.title(), stderr)
          const lines = isAlone ? task.detail() : []
          if (lines.length > 0) row.output = lines.map((line) => fit(line, stderr)).join('\n')
        }
        const timer = isLive ? setInterval(refresh, refreshMs / 4) : undefined
        results[index] = await task.run().then(
          (value) => ({ status: 'fulfilled', value }) as const,
          (reason: unknown) => ({ status: 'rejected', reason }) as const,
        )
        clearInterval(timer)
        refresh()
        const result = results[index]
        // Thrown for its mark in the view alone: the results tell the rest.
        if (result.status === 'rejected' || task.isBad(result.value)) throw new Error(row.title)
      },
    })),
    {
      concurrent: jobs,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: isLive ? StderrRenderer : SilentRenderer,
      fallbackRenderer: SilentRenderer,
      rendererOptions: {
        clearOutput: true,
        formatOutput: 'truncate',
        showErrorMessage: false,
        collapseErrors: false,
        logger: new ListrLogger({
          processOutput: new ProcessOutput(calm(stderr) as NodeJS.WriteStream, stdout as NodeJS.WriteStream),
        }),
      },
    } as ConstructorParameters<typeof Listr>[1],
  )
  if (!isLive) {
    await list.run()
    return results
  }
  ui.hold()
  try {
    await list.run()
  } finally {
    ui.release()
  }
  return results
}

/**
 * The terminal, drawn on in whole frames (synchronized output, which others ignore) and with its cursor: one that is hidden would stay so when
 * git-amp is killed. The drawing library hides it before each frame, past this output.
 */
function calm(screen: Output): Output {
  const write = (text: unknown, ...rest: unknown[]): boolean => {
    const frame = String(text).replaceAll('\x1b[?25l', '').replaceAll('\x1b[?25h', '')
    const put = screen.write.bind(screen) as (...all: unknown[]) => boolean
    return frame === '' || put(frame.includes('\n') ? `\x1b[?2026h${frame}\x1b[?2026l\x1b[?25h` : frame, ...rest)
  }
  return Object.assign(Object.create(screen) as Output, { write })
}

/** Cut to the terminal: a line that wraps would spoil the drawing. */
function fit(line: string, { columns }: Output): string {
  // A terminal that does not know its size says 0.
  const room = Math.max(20, (columns ?? 0) > 0 ? (columns ?? 0) - 6 : 74)
  const characters = [...line]
  return characters.length <= room ? line : `${characters.slice(0, room - 1).join('')}…`
}
