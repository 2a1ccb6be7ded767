import type { TrustQuestion } from '../actions/trust.js'
import { escapeControls } from '../util/escape.js'
import { oneLine } from '../util/sanitize.js'

/** Everything that could run, whole, with what a terminal would hide made visible. */
export function renderTrust({ tip, runnables, open }: TrustQuestion): string {
  const { name, by, agent } = tip.snapshot
  const parts = runnables.map((one) => {
    const what = {
      test: 'Test command',
      prompt: `Prompt, for the agent ${oneLine(agent)}`,
      comment: `Comment of ${oneLine(one.about ?? '')}, told to the agent`,
    }[one.kind]
    const state = open.includes(one) ? '' : ' (approved)'
    const text = escapeControls(one.text, '\n\t')
      .split('\n')
      .map((line) => `    ${line}`.trimEnd())
    return `${what}${state}:\n${text.join('\n')}`
  })
  return [`Session ${tip.id} ${oneLine(name)}, started by ${oneLine(by)}`, ...parts].join('\n\n')
}
