/**
 * Values that come from outside (a recorded stream, a fetched session) become arguments only when they look like what they should be.
 */

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const name = /^[\p{L}\p{N}][\p{L}\p{N} ._:/@+,=[\]-]*$/u

/** The id when it is a UUID; null otherwise. */
export const asUuid = (id: unknown): string | null => (typeof id === 'string' && uuid.test(id) ? id : null)

/** The id when it is a plain word that no program takes for an option; null otherwise. */
export const asWord = (id: unknown): string | null =>
  typeof id === 'string' && id.length <= 200 && name.test(id) && !id.includes(' ') ? id : null

/** Whether a text can be the name of a model or mode: any but one that looks like an option, or holds what no name holds. */
export const isModelName = (model: string): boolean => name.test(model)

/** The model as one argument, so that it can never be an option of its own; none when it is no name at all. */
export const modelFlag = (flag: string, model: string | null): string[] =>
  model !== null && isModelName(model) ? [`${flag}=${model}`] : []
