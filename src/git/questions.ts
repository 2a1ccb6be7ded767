import type { Writable } from 'node:stream'

/** The questions to a process that answers them one by one. What is asked at once is written at once: a write costs more than an answer. */
export class Questions {
  private lines = ''

  constructor(private readonly stdin: Writable | null) {
    // Its end is told by the process itself.
    stdin?.on('error', () => {})
  }

  ask(question: string): void {
    if (this.lines === '') queueMicrotask(() => this.send())
    this.lines += `${question}\n`
  }

  private send(): void {
    this.stdin?.write(this.lines)
    this.lines = ''
  }
}
