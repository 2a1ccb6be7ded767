import { type Checkout, standingOf } from './look.js'

/** A rule that does not hold. */
export class Broken extends Error {}

export function hold(condition: boolean, words: () => string): void {
  if (!condition) throw new Broken(words())
}

/** What differs between two worktrees. */
export const difference = (a: Checkout | undefined, b: Checkout | undefined): string =>
  lines(standingOf(a), standingOf(b))

/** Lines that only one of two texts has. */
export function lines(a = '', b = ''): string {
  const [left, right] = [a.split(/[\n\0]/), b.split(/[\n\0]/)]
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`),
  ].join('\n')
}
