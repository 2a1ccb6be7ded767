import type { CommandSpec } from '../cli/spec.js'
import type { Registry } from '../registry.js'
import { overviewIntro, overviewSections, overviewSynopsis, tagline } from './overview.js'
import { type Block, parseProse, parseSpans, type Span } from './prose.js'
import { aliases, commandName, exampleLine, optionTerm, pageName, synopsis, visibleOptions } from './synopsis.js'

/** Pages carry no date of their own: it would change the files without a change of what they say. */
const date = '2026-01-01'

/** The page `git-amp.1`, which `git amp --help` opens. */
export function renderOverviewMan(table: Registry): string {
  const commands = Object.entries(table).flatMap(([category, entries]) => [
    `.SS ${quoted(category)}`,
    ...entries.flatMap(({ names, summary }) =>
      term(manLink(`git-amp-${names[0].replace(' ', '-')}`), [`${roff(summary)}.`]),
    ),
  ])
  return page('git-amp', [
    ...section('Name', [`git\\-amp \\- ${roff(tagline)}`]),
    ...section(
      'Synopsis',
      overviewSynopsis.map(bold).flatMap((line, index) => (index === 0 ? [line] : ['.br', line])),
    ),
    ...prose('Description', overviewIntro),
    '.SH COMMANDS',
    ...commands,
    ...overviewSections.flatMap(({ title, terms }) =>
      section(
        title,
        terms.flatMap(([name, text]) => term(bold(name), [inline(parseSpans(text))])),
      ),
    ),
    ...section('See also', [['git', 'git-worktree', 'git-notes'].map(manLink).join(',\n')]),
  ])
}

/** The page of one command, `git-amp-<command>.1`. */
export function renderMan(spec: CommandSpec): string {
  const others = aliases(spec)
  const options = visibleOptions(spec).flatMap((option) =>
    term(bold(optionTerm(option)), [`${inline(parseSpans(option.description))}.`.replace(/\.\.$/, '.')]),
  )
  const examples = spec.examples.flatMap(([what, command], index) => [
    ...(index === 0 ? [] : ['.PP']),
    inline(parseSpans(`${what}:`.replace(/[.:]+$/, ':'))),
    ...codeBlock([exampleLine(command)]),
  ])
  return page(pageName(spec), [
    ...section('Name', [`${roff(pageName(spec))} \\- ${inline(parseSpans(spec.description))}`]),
    ...section('Synopsis', [
      `${bold(commandName(spec))} ${roff(synopsis(spec))}`.trim(),
      ...others.flatMap((name) => ['.br', `${bold(name)} ${roff(synopsis(spec))}`.trim()]),
    ]),
    ...prose('Description', spec.details === '' ? `${spec.description}.` : spec.details),
    ...section('Options', options),
    ...(examples.length > 0 ? section('Examples', examples) : []),
    ...section('See also', [manLink('git-amp')]),
  ])
}

function page(name: string, lines: readonly string[]): string {
  const title = quoted(name.toUpperCase())
  const head = `.TH ${title} "1" "${date}" "git\\-amp" "Git Amp Manual"`
  // Paths and options are no words to be hyphenated or stretched.
  return `${[head, '.nh', '.ad l', ...lines].join('\n')}\n`
}

const section = (title: string, lines: readonly string[]): string[] => [
  `.SH ${quoted(title.toUpperCase())}`,
  ...lines.map(guarded),
]

/** A term and what it means. */
const term = (name: string, lines: readonly string[]): string[] => ['.TP', name, ...lines]

const bold = (text: string): string => `\\fB${roff(text)}\\fR`

const manLink = (name: string): string => `\\fB${roff(name)}\\fR(1)`

const quoted = (text: string): string => `"${roff(text).replaceAll('"', '\\(dq')}"`

/** Text that roff prints as it is. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
}

/** A line that would begin with a dot or a quote is one for roff; macros of ours are upper case and stand alone. */
const guarded = (line: string): string => (/^\.(?![A-Z]{1,2}\b|br\b|nf\b|fi\b)/.test(line) ? `\\&${line}` : line)

function inline(spans: readonly Span[]): string {
  const faces = { plain: 'R', code: 'B', strong: 'B', emphasis: 'I' }
  return spans.map(({ text, face }) => (face === 'plain' ? roff(text) : `\\f${faces[face]}${roff(text)}\\fR`)).join('')
}

const codeBlock = (lines: readonly string[]): string[] => [
  '.PP',
  '.RS 4',
  '.nf',
  ...lines.map((line) => (/^\./.test(line) ? `\\&${roff(line)}` : roff(line))),
  '.fi',
  '.RE',
]

/** Headings become sections; the paragraph macro is left out behind a heading, where it does nothing. */
function prose(title: string, markdown: string): string[] {
  const lines = [`.SH ${quoted(title.toUpperCase())}`]
  let before: Block['kind'] = 'heading'
  for (const block of parseProse(markdown)) {
    if (block.kind === 'heading') lines.push(`.SH ${quoted(block.text.toUpperCase())}`)
    else if (block.kind === 'code') lines.push(...codeBlock(block.lines).slice(before === 'heading' ? 1 : 0))
    else if (block.kind === 'item') lines.push('.IP \\(bu 2', guardedText(inline(block.spans)))
    else lines.push(...(before === 'heading' ? [] : ['.PP']), guardedText(inline(block.spans)))
    before = block.kind
  }
  return lines
}

const guardedText = (text: string): string => (text.startsWith('.') ? `\\&${text}` : text)
