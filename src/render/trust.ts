import type { Approval, TrustQuestion } from '../actions/trust.js'
import { escapeControls } from '../util/escape.js'
import { oneLine } from '../util/sanitize.js'

/** Everything that could run, whole, with what a terminal would hide made visible. */
export function renderTrust({ tip, base, runnables, open }: TrustQuestion): string {
  const parts = runnables.map((one) => {
    const what = {
      test: 'Test command',
      setup: 'Setup command, run in every new worktree',
      agent: 'Agent, with its command',
      copy: 'Ignored files to be copied into every new worktree',
      prompt: `Prompt, for the agent ${oneLine(tip?.snapshot.agent ?? '')}`,
      comment: `Comment of ${oneLine(one.about ?? '')}, told to the agent`,
    }[one.kind]
    const source = one.file === undefined ? '' : `, from ${one.file}`
    const state = open.includes(one) ? '' : ' (approved)'
    const text = escapeControls(one.text, '\n\t')
      .split('\n')
      .map((line) => `    ${line}`.trimEnd())
    return `${what}${source}${state}:\n${text.join('\n')}`
  })
  const from = `${base.ref === null ? '' : `${oneLine(base.ref.replace(/^refs\/(heads|remotes)\//, ''))}, `}commit ${base.oid.slice(0, 12)}`
  const title =
    tip === null
      ? `What this repository asks for, in ${from}`
      : `Session ${tip.id} ${oneLine(tip.snapshot.name)}, started by ${oneLine(tip.snapshot.by)}`
  return [title, ...parts].join('\n\n')
}

/** One approval a line. */
export const renderApprovals = (approvals: readonly Approval[]): string =>
  approvals
    .map(({ digest, what }) => {
      if (what === null) return `${digest.slice(0, 12)}  (its words are not kept here)`
      const where = what.file ?? `session ${what.session ?? ''}`
      return `${digest.slice(0, 12)}  ${what.kind.padEnd(7)}  ${where}  ${oneLine(escapeControls(what.text, ''), 80)}`
    })
    .join('\n')
