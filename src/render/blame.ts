import type { BlameResult } from '../actions/blame.js'
import type { Origin } from '../actions/shared/origins.js'

import { escapeControls } from '../util/escape.js'
import { oneLine } from '../util/sanitize.js'
import { fitText, padText, textWidth } from '../util/width.js'
import type { Paint } from './session.js'
import { originJson, shortIteration, whoWords } from './why.js'

export interface BlameForm {
  paint: Paint
  /** Whole commit ids. */
  isLong: boolean
  /** Without who and when. */
  isShort: boolean
  /** The mail address of a human instead of the name. */
  hasMail: boolean
}

/** Session names are cut at so many columns: code follows. */
const maxName = 20

/** As `git blame` prints it, with session and iteration before the author. */
export function renderBlame({ blame, origins, path }: BlameResult, form: BlameForm): string {
  const rows = blame.lines.map((line, at) => {
    const origin = origins[at] as BlameResult['origins'][number]
    const { commit, written, session, iteration } = origin
    return {
      line,
      oid: oidCell(commit, form.isLong),
      session: session === null ? '' : fitText(oneLine(session.slug ?? session.id.slice(0, 4)), maxName),
      iteration: shortIteration(origin),
      path: line.path === path ? '' : oneLine(line.path),
      who: form.hasMail && iteration === null ? `<${oneLine(written.mail)}>` : whoWords(origin),
      when: stampWords(written),
    }
  })
  const widest = (cell: (row: (typeof rows)[number]) => string) =>
    Math.max(0, ...rows.map((row) => textWidth(cell(row))))
  const widths = {
    path: widest(({ path: other }) => other),
    session: widest(({ session }) => session),
    iteration: widest(({ iteration }) => iteration),
    who: widest(({ who }) => who),
    line: widest(({ line }) => `${line.line}`),
  }
  const text = rows.map(({ line, oid, session, iteration, path: other, who, when }) => {
    const names = [
      form.paint('id', oid),
      ...(widths.path === 0 ? [] : [padText(other, widths.path)]),
      ...(widths.session === 0
        ? []
        : [padText(session, widths.session), padText(iteration, widths.iteration, 'start')]),
    ].join(' ')
    const number = padText(`${line.line}`, widths.line, 'start')
    const about = form.isShort ? `${number})` : `(${padText(who, widths.who)} ${when} ${number})`
    return `${names} ${about} ${escapeControls(line.text, '\t')}\n`
  })
  return text.join('')
}

function oidCell({ oid, isBoundary }: Origin['commit'], isLong: boolean): string {
  const mark = isBoundary ? '^' : ''
  return `${mark}${isLong ? oid.slice(0, oid.length - mark.length) : oid.slice(0, 8 - mark.length)}`
}

/** `2026-11-22 10:10:10 +0100`, in the author's own time. */
function stampWords({ time, zone }: Origin['commit']): string {
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? []
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1)
  return `${new Date((time + offset) * 1000).toISOString().slice(0, 19).replace('T', ' ')} ${zone}`
}

/** The lines for programs. */
export const blameJson = ({ path, rev, blame, origins }: BlameResult) => ({
  schema: 'git-amp/blame@1',
  path,
  rev,
  lines: blame.lines.map((line, at) => ({
    line: line.line,
    text: line.text,
    path: line.path,
    ...originJson(origins[at] as BlameResult['origins'][number]),
  })),
})
