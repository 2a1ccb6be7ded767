import type { Checkout } from './look.js'

/** What may stand uncommitted in a worktree where git-amp was killed. */
export class Unsettled {
  private readonly lines = new Set<string>()
  /** All that stood there, as long as nothing has touched it. */
  private exact: string | undefined

  mayHold(dirts: readonly (string | undefined)[]): void {
    this.exact ??= this.lines.size === 0 ? dirts[0] : undefined
    for (const dirt of dirts) for (const line of dirt?.split('\n') ?? []) this.lines.add(line)
  }

  /** Somebody has worked there. */
  goesOn(checkout: Checkout | undefined): void {
    this.exact = undefined
    this.mayHold([checkout?.dirt])
    this.exact = undefined
  }

  explains({ dirt }: Checkout): boolean {
    const isKnown = dirt.split('\n').every((line) => line === '' || this.lines.has(line))
    return isKnown && (this.exact === undefined || this.exact === dirt)
  }
}
