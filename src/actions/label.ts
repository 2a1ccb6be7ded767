import { fatal, no } from '../errors.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import type { NewEvent } from '../state/events.js'
import { plainLine } from '../state/rules.js'
import { findSession } from './shared/find.js'
import { record } from './shared/record.js'

export interface LabelOptions {
  session?: string | undefined
  add: readonly string[]
  remove: readonly string[]
}

/** Puts labels on a session and takes some off. What is so already stays so. */
export async function labelSession(repo: Repo, options: LabelOptions): Promise<ChainTip> {
  const tip = await findSession(repo, options.session)
  const redact = await repo.redactor()
  const [add, remove] = [options.add, options.remove].map((labels) => labels.map((label) => checked(redact(label))))
  const recorded = await record(repo, tip.id, ({ snapshot }) => {
    const missing = remove?.find((label) => !snapshot.labels.includes(label))
    if (missing !== undefined) throw no(`session ${snapshot.name} has no label '${missing}'`)
    const added = (add ?? []).filter((label) => !snapshot.labels.includes(label))
    const events: NewEvent[] = [
      ...added.map((label) => ({ type: 'label.added' as const, data: { label } })),
      ...(remove ?? []).map((label) => ({ type: 'label.removed' as const, data: { label } })),
    ]
    if (events.length === 0) return null
    const words = [...added.map((label) => `+${label}`), ...(remove ?? []).map((label) => `-${label}`)].join(' ')
    return {
      subject: `amp(${snapshot.slug}): labels ${words}`,
      events,
      code: [],
      operation: { id: repo.newId(), command: 'label' },
    }
  })
  return recorded?.tip ?? tip
}

function checked(label: string): string {
  if (label !== '' && label.length <= 100 && plainLine(label) === label && !/^-|,/.test(label)) return label
  throw fatal(
    `'${label}' cannot be a label`,
    'A label is a word or a few, on one line, without a comma and without a dash in front.',
  )
}
