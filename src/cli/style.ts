import type { MergeStyle } from '../actions/shared/landing.js'
import { usage } from '../errors.js'

/** The style of a merge that the options name. */
export function styleOption(given: { squash: boolean; ffOnly: boolean; noFf: boolean }): MergeStyle | undefined {
  if ([given.squash, given.ffOnly, given.noFf].filter(Boolean).length > 1)
    throw usage('--squash, --ff-only and --no-ff exclude each other')
  return given.squash ? 'squash' : given.ffOnly ? 'ff-only' : given.noFf ? 'no-ff' : undefined
}
