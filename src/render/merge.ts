import type { MergeResult } from '../actions/merge.js'
import type { MergeStep } from '../actions/shared/merge-steps.js'
import { escapeControls } from '../util/escape.js'
import { oneLine } from '../util/sanitize.js'
import { padText } from '../util/width.js'
import type { Paint } from './session.js'

const marks: Readonly<Record<MergeStep['status'], string>> = {
  done: 'ok',
  planned: '..',
  skipped: '-',
  warning: '!',
  failed: 'no',
}

/** A step of a merge, aligned with all others. */
export function renderStep({ name, status, detail, output = '' }: MergeStep, paint: Paint): string {
  const line = `${padText(marks[status], 2, 'end')}  ${padText(name, 8, 'end')}  ${oneLine(detail, 400)}`
  const told = output.split('\n').flatMap((one) => (one.trim() === '' ? [] : [`              ${escapeControls(one)}`]))
  return [status === 'failed' ? paint('failed', line) : line, ...told].join('\n')
}

/** What came of it, in a line. */
export function mergeWords(result: MergeResult): string {
  const { tip, via, isUpToDate, isEmpty, isDryRun, review } = result
  const [branch, into] = [oneLine(tip.snapshot.branch), oneLine(result.into.replace(/^refs\/heads\//, ''))]
  if (review !== null) return review.url === '' ? `pushed ${branch}; no pull request was opened` : review.url
  if (isEmpty) return `nothing to merge: ${branch} has no change that ${into} lacks`
  if (isUpToDate) return `${into} has everything of ${branch} already`
  if (via === null) return `would ask for a review of ${branch} for ${into}`
  const how = via === 'ff' ? 'fast-forward' : 'merge commit'
  const range = result.after === result.before ? '' : `: ${result.before.slice(0, 12)}..${result.after.slice(0, 12)}`
  return `${isDryRun ? 'would merge' : 'merged'} ${branch} into ${into} (${how})${range}`
}

/** The same for `--json`. */
export const mergeJson = ({ tip, into, review, ...rest }: MergeResult) => ({
  schema: 'git-amp/merge@1',
  session: tip.id,
  into: into.replace(/^refs\/heads\//, ''),
  ...rest,
  review: review === null ? null : { ...review, url: review.url === '' ? null : review.url },
})
