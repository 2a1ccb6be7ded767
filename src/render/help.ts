import type { CommandSpec } from '../cli/spec.js'
import type { Registry } from '../registry.js'
import { overviewIntro, overviewSections, overviewSynopsis, tagline } from './overview.js'
import { type Block, parseProse, parseSpans, plainText } from './prose.js'
import {
  aliases,
  commandName,
  exampleLine,
  optionTerm,
  pageName,
  synopsis,
  usageLine,
  visibleOptions,
} from './synopsis.js'
import { twoColumns, wrap } from './wrap.js'

/** `git amp -h`: every command on one line. */
export function renderUsage(table: Registry): string {
  const usage = overviewSynopsis.map((line, index) => `${index === 0 ? 'usage' : '   or'}: ${line}\n`).join('')
  const common = twoColumns(
    [
      ['--repo <dir>', 'Work in this repository, as "git -C <dir> amp" does'],
      ['-q, --quiet', 'Print only the answer'],
    ],
    19,
  )
  return `${usage}\n${commandTable(table)}\nWith every command\n${common}`
}

/** `git amp batch -h`: the commands that begin with a word. */
export function renderGroup(word: string, table: Registry): string {
  const members = Object.entries(table).map(([category, entries]) => {
    return [category, entries.filter(({ names }) => names[0].startsWith(`${word} `))] as const
  })
  const few = Object.fromEntries(members.filter(([, entries]) => entries.length > 0))
  return `usage: git amp ${word} <command> [<options>]\n\n${commandTable(few)}\n"git amp ${word} <command> -h" tells more.\n`
}

/** `git amp <command> -h`: as git prints it. */
export function renderShort(spec: CommandSpec): string {
  const rows = visibleOptions(spec).map((option): [string, string] => [optionTerm(option), plain(option.description)])
  return `${usageLine(spec)}\n${twoColumns(rows)}\n`
}

/** The overview as text of 80 columns. */
export function renderOverview(table: Registry): string {
  return [
    section('Name', [`    git-amp - ${tagline}`]),
    section(
      'Synopsis',
      overviewSynopsis.map((line) => `    ${line}`),
    ),
    renderProse('Description', overviewIntro),
    `COMMANDS\n${commandTable(table)}`,
    ...overviewSections.map(({ title, terms }) =>
      section(
        title,
        terms.flatMap(([term, text]) => [`    ${term}`, ...wrap(plain(text), ' '.repeat(8))]),
      ),
    ),
    section('See also', ['    git amp help <command>']),
  ].join('\n')
}

/** The page of one command as text of 80 columns. */
export function renderPage(spec: CommandSpec): string {
  const others = aliases(spec)
  const names = others.length > 0 ? wrap(`Also: ${others.join(', ')}.`, '    ') : []
  const options = visibleOptions(spec).flatMap((option) => [
    `    ${optionTerm(option)}`,
    ...wrap(plain(option.description), ' '.repeat(8)),
    '',
  ])
  const examples = spec.examples.flatMap(([what, command]) => [
    ...wrap(`${plain(what)}:`.replace(/[.:]+$/, ':'), '    '),
    `        ${exampleLine(command)}`,
    '',
  ])
  return [
    section('Name', wrap(`${pageName(spec)} - ${plain(spec.description)}`, '    ')),
    section('Synopsis', [...wrap(`${commandName(spec)} ${synopsis(spec)}`, '    '), ...names]),
    renderProse('Description', spec.details === '' ? `${spec.description}.` : spec.details),
    section('Options', options.slice(0, -1)),
    ...(examples.length > 0 ? [section('Examples', examples.slice(0, -1))] : []),
  ].join('\n')
}

const plain = (markdown: string): string => plainText(parseSpans(markdown))

const section = (title: string, lines: readonly string[]): string =>
  `${title.toUpperCase()}\n${lines.map((line) => `${line}\n`).join('')}`

function renderProse(title: string, markdown: string): string {
  let text = `${title.toUpperCase()}\n`
  let before: Block['kind'] = 'heading'
  for (const block of parseProse(markdown)) {
    const isTight = before === 'heading' || (before === 'item' && block.kind === 'item')
    text += `${isTight ? '' : '\n'}${renderBlock(block)}`
    before = block.kind
  }
  return text
}

function renderBlock(block: Block): string {
  if (block.kind === 'heading') return `${block.text.toUpperCase()}\n`
  if (block.kind === 'code') return block.lines.map((line) => `${`        ${line}`.trimEnd()}\n`).join('')
  const lines = wrap(plainText(block.spans), block.kind === 'item' ? '      ' : '    ')
  if (block.kind === 'item') lines[0] = `    - ${(lines[0] ?? '').trimStart()}`
  return lines.map((line) => `${line}\n`).join('')
}

const commandTable = (table: Registry): string =>
  Object.entries(table)
    .map(([category, entries]) => {
      const rows = entries.map(({ names, summary }): [string, string] => [names.join(', '), summary])
      return `${category}\n${twoColumns(rows, 19)}`
    })
    .join('\n')
