import type { LineCounter, ParsedNode } from 'yaml'
import { fatal } from '../../errors.js'
import { parseDollars } from '../../util/amounts.js'
import { closest } from '../../util/closest.js'
import { oneLine } from '../../util/sanitize.js'

/** Where something stands in a text, counted from 1. */
export interface Position {
  line: number
  column: number
}

/** Something that is wrong with a text, and what may help. */
export interface Problem extends Position {
  message: string
  hint?: string
}

/** A value and where it stands. */
export interface Located<T> extends Position {
  value: T
}

/** A node of a text: a YAML value with its place. */
export type Node = ParsedNode | null

type Yaml = typeof import('yaml')

/**
 * Reads the nodes of a plan or a configuration and gathers all that is wrong with it: whoever writes one wants to hear everything at once.
 */
export class YamlText {
  readonly problems: Problem[] = []

  private constructor(
    private readonly yaml: Yaml,
    private readonly lines: LineCounter,
    private readonly document: ReturnType<Yaml['parseDocument']>,
  ) {}

  /** Parses YAML, which JSON is a part of. A text of more than `most` MiB is none. */
  static async parse(text: string, { what, most }: { what: string; most: number }): Promise<YamlText> {
    if (text.length > most * 1024 * 1024) throw fatal(`${what} is larger than ${most} MiB`)
    const yaml = await import('yaml')
    const lines = new yaml.LineCounter()
    const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
    const source = new YamlText(yaml, lines, document)
    for (const { message, pos } of document.errors)
      source.problems.push({ ...source.place(pos[0]), message: lowered(message) })
    return source
  }

  get root(): Node {
    return this.document.contents as Node
  }

  /** Whether there is nothing but comments. */
  get isEmpty(): boolean {
    return this.document.contents === null
  }

  /** Where a node begins; the beginning of the text for what is not there. */
  at(node: Node): Position {
    return this.place(node?.range?.[0] ?? 0)
  }

  private place(offset: number): Position {
    const { line, col } = this.lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }

  say(where: Position, message: string, hint?: string): void {
    this.problems.push({ line: where.line, column: where.column, message, ...(hint === undefined ? {} : { hint }) })
  }

  /** The pairs of a mapping by their keys; keys that are not among `known` are problems. */
  map(node: Node, known: readonly string[], what: string): Map<string, Node> {
    const found = new Map<string, Node>()
    const map = this.resolve(node)
    if (!this.yaml.isMap(map)) {
      this.say(this.at(node), `${what} must be a mapping of names to values`)
      return found
    }
    for (const pair of map.items) {
      const key = pair.key as Node
      const name = this.yaml.isScalar(key) ? String(key.value) : ''
      if (known.includes(name)) found.set(name, pair.value as Node)
      else this.unknown(key, { name, known, what })
    }
    return found
  }

  private unknown(key: Node, { name, known, what }: { name: string; known: readonly string[]; what: string }): void {
    const [similar] = closest(
      name.toLowerCase(),
      known.map((one) => one.toLowerCase()),
    )
    const meant = known.find((one) => one.toLowerCase() === similar)
    const hint = meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean '${meant}'?`
    this.say(this.at(key), `unknown key '${oneLine(name, 60)}' in ${what}`, hint)
  }

  /** The entries of a list that has at least one. */
  list(node: Node, what: string): Node[] {
    const list = this.resolve(node)
    if (this.yaml.isSeq(list) && list.items.length > 0) return list.items as Node[]
    this.say(this.at(node), `${what} must be a list with at least one entry`)
    return []
  }

  isMap(node: Node): boolean {
    return this.yaml.isMap(this.resolve(node))
  }

  isList(node: Node): boolean {
    return this.yaml.isSeq(this.resolve(node))
  }

  /** One of some words. */
  choice<T extends string>(node: Node | undefined, what: string, words: readonly T[]): Located<T> | undefined {
    if (node === undefined) return undefined
    const value = this.scalar(node)
    const word = words.find((one) => one === value)
    if (word !== undefined) return { value: word, ...this.at(node) }
    const [similar] = closest(String(value), words)
    const hint = similar === undefined ? undefined : `Did you mean '${similar}'?`
    this.say(this.at(node), `${what} can be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`, hint)
    return undefined
  }

  /** A text that is not empty. */
  text(node: Node | undefined, what: string): Located<string> | undefined {
    if (node === undefined) return undefined
    const value = this.scalar(node)
    if (typeof value === 'string' && value.trim() !== '') return { value, ...this.at(node) }
    const isPlain = typeof value === 'number' || typeof value === 'boolean'
    this.say(
      this.at(node),
      `${what} must be a text${value === '' ? ', and not empty' : ''}`,
      isPlain ? `Put it in quotes: "${value}"` : undefined,
    )
    return undefined
  }

  /** A whole number from `least` on. */
  count(node: Node | undefined, what: string, least: number): Located<number> | undefined {
    if (node === undefined) return undefined
    const value = this.scalar(node)
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= 1_000_000_000)
      return { value, ...this.at(node) }
    this.say(this.at(node), `${what} must be a whole number from ${least} on`)
    return undefined
  }

  /** An amount of US dollars above zero. */
  dollars(node: Node | undefined, what: string): Located<number> | undefined {
    if (node === undefined) return undefined
    const value = parseDollars(String(this.scalar(node)))
    if (value !== null) return { value, ...this.at(node) }
    this.say(this.at(node), `${what} must be an amount of US dollars, as 5 or 2.50`)
    return undefined
  }

  flag(node: Node | undefined, what: string): Located<boolean> | undefined {
    if (node === undefined) return undefined
    const value = this.scalar(node)
    if (typeof value === 'boolean') return { value, ...this.at(node) }
    this.say(this.at(node), `${what} must be true or false`)
    return undefined
  }

  private scalar(node: Node): unknown {
    const found = this.resolve(node)
    return this.yaml.isScalar(found) ? found.value : null
  }

  /** An alias stands for what it names. */
  private resolve(node: Node): unknown {
    return this.yaml.isAlias(node) ? (node.resolve(this.document) ?? null) : node
  }
}

const lowered = (message: string): string => {
  const line = oneLine(message.replace(/\.$/, ''))
  return /^[A-Z][a-z]/.test(line) ? line.charAt(0).toLowerCase() + line.slice(1) : line
}
