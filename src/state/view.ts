import { exactDollars } from '../util/amounts.js'
import type { ChangeSize, Usage } from './events.js'
import type { Snapshot } from './fold.js'
import type { Oid } from './storage.js'

/** A session as programs see it. Every field has a fixed name and meaning, and new ones may be added. */
export interface SessionView {
  id: string
  name: string
  slug: string
  /** First line of the prompt. */
  title: string
  branch: string
  base: { ref: string | null; oid: Oid }
  /** Tips of the session's code; more than one means that it has diverged. */
  heads: Oid[]
  agent: string
  model: string | null
  test: string | null
  /** Number of the latest iteration. */
  iterations: number
  last: NonNullable<Snapshot['last']> | null
  tested: NonNullable<Snapshot['tested']> | null
  thread: NonNullable<Snapshot['thread']> | null
  /** Size against the base. */
  changes: ChangeSize
  usage: Usage
  costUsd: number | null
  labels: string[]
  /** Number of open review comments. */
  comments: number
  merged: NonNullable<Snapshot['merged']> | null
  /** ISO 8601 in UTC. */
  createdAt: string
  updatedAt: string
  by: string
}

/** The session of a snapshot. */
export const sessionView = (id: string, snapshot: Snapshot): SessionView => ({
  id,
  name: snapshot.name,
  slug: snapshot.slug,
  title: snapshot.title,
  branch: snapshot.branch,
  base: snapshot.base,
  heads: snapshot.heads,
  agent: snapshot.agent,
  model: snapshot.model ?? null,
  test: snapshot.test ?? null,
  iterations: snapshot.iterations,
  last: snapshot.last ?? null,
  tested: snapshot.tested ?? null,
  thread: snapshot.thread ?? null,
  changes: snapshot.changes,
  usage: snapshot.usage,
  costUsd: snapshot.costUsd === undefined ? null : exactDollars(snapshot.costUsd),
  labels: snapshot.labels,
  comments: snapshot.comments?.length ?? 0,
  merged: snapshot.merged ?? null,
  createdAt: snapshot.createdAt,
  updatedAt: snapshot.updatedAt,
  by: snapshot.by,
})
