import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** One import of a source file. */
export interface Import {
  /** Path below src. */
  from: string
  /** Path below src, or the name of a package. */
  to: string
  /** Only types are taken, so nothing is left of it in the program. */
  isType: boolean
  names: string[]
}

export const src = resolve(import.meta.dirname, '../../src')

/** Source files below src, without declarations. */
export const sourceFiles = (): string[] =>
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort()

export const source = (file: string): string => readFileSync(join(src, file), 'utf8')

/** The imports of a file, static and dynamic ones and re-exports. */
export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = []
  const statement = /^(?:import|export)\s+(type\s+)?([^'"`;]*?)\s*from\s*'([^']+)'/gm
  for (const [, type, clause = '', target = ''] of text.matchAll(statement)) {
    const braces = /\{([^}]*)\}/.exec(clause)?.[1]
    const specifiers = (braces ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '')
    const outside = clause.replace(/\{[^}]*\}/, '').replace(/[,\s]/g, '')
    const isType =
      type !== undefined ||
      (specifiers.length > 0 && outside === '' && specifiers.every((one) => one.startsWith('type ')))
    found.push({
      from: file,
      to: locate(file, target),
      isType,
      names: specifiers.map((one) => one.replace(/^type /, '')),
    })
  }
  for (const [, target = ''] of text.matchAll(/(?:\bimport\(|^import )'([^']+)'/gm)) {
    found.push({ from: file, to: locate(file, target), isType: false, names: [] })
  }
  return found
}

const locate = (file: string, target: string): string =>
  target.startsWith('.') ? relative(src, resolve(src, file, '..', target)).replace(/\.js$/, '.ts') : target

/** The code of a file without comments and the contents of strings, so that words in them do not count. */
export const codeOf = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
