/** Tokens and US dollars for people, without `Intl`, whose first use costs 10 ms. Pure. */

/** `1,234,567` */
export const grouped = (count: number): string => `${Math.round(count)}`.replace(/\B(?=(\d{3})+$)/g, ',')

/** `980`, `12.3k`, `4.56M`: three digits that tell something. */
export function shortCount(count: number): string {
  if (count < 1000) return `${Math.round(count)}`
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1e6, 'M']
  return `${Number(value.toPrecision(3))}${unit}`
}

/** `$12.30`; an amount below a cent shows what it is. */
export function dollars(usd: number): string {
  if (usd === 0 || usd >= 0.01) return `$${usd.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')}`
  return usd < 0.0001 ? '<$0.0001' : `$${usd.toFixed(4)}`
}

/** A sum of amounts without the tail that binary fractions leave. */
export const exactDollars = (usd: number): number => Number(usd.toFixed(8))

/**
 * Reads an amount of US dollars: `5`, `2.50`, `$2.50`.
 * @returns null when it is none, or not above zero
 */
export function parseDollars(text: string): number | null {
  const match = /^\$?(\d+(?:\.\d+)?|\.\d+)$/.exec(text.trim())
  const usd = Number(match?.[1])
  return match === null || usd <= 0 ? null : usd
}
