import type { Repo } from '../../repo.js'
import type { EntityKind } from '../../state/kinds.js'
import { isId } from '../../state/names.js'
import type { Oid } from '../../state/storage.js'
import { type Looks, Refused, validateChain } from '../../state/validate.js'

/** A chain to be read whole; one of a session unless its kind says otherwise. */
export interface Looked {
  kind?: EntityKind
  id: string
  oid: Oid
  looks: Looks
}

/** Why a chain here would be refused from elsewhere; null when it is sound. */
export async function reasonAgainst(repo: Repo, { kind = 'session', id, oid, looks }: Looked): Promise<string | null> {
  if (!isId(id)) return 'its name is no id'
  try {
    await validateChain(repo.objects, { kind, id, tip: oid, ours: null }, looks)
    return null
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}
