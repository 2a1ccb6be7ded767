import type { Diagnosis } from '../actions/doctor.js'
import { oneLine } from '../util/sanitize.js'

/** What was found, a line each, and below it what helps. */
export function renderDoctor(findings: readonly Diagnosis[]): string {
  return findings.map(lines).join('\n')
}

function lines({ check, message, hints, isNote, repair, isFixed, failure }: Diagnosis): string {
  const mark = isFixed ? 'mended' : isNote ? 'note' : 'wrong'
  const below =
    failure !== null
      ? [`could not be mended: ${failure}`]
      : repair === null
        ? hints
        : [isFixed ? `done: ${repair}` : `--fix: ${repair}`, ...(isFixed ? [] : hints)]
  return [`${mark}: ${check}: ${oneLine(message, 400)}`, ...below.map((line) => `  ${oneLine(line, 400)}`)].join('\n')
}
