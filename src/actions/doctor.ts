import { AmpError } from '../errors.js'
import type { Repo } from '../repo.js'
import { checkBranches, checkChains, checkNotes } from './doctor/chains.js'
import type { Finding } from './doctor/finding.js'
import { checkPerson, type Person } from './doctor/person.js'
import { checkSurroundings } from './doctor/surroundings.js'
import { checkExclude, checkLeases, checkLocks, checkWorktrees } from './doctor/worktrees.js'

export interface DoctorOptions {
  /** Look at what is around this person, too. */
  person?: Person | undefined
  /** Mend what can be mended. */
  fix?: boolean | undefined
  dryRun?: boolean | undefined
}

/** A finding, and what became of it. */
export interface Diagnosis extends Omit<Finding, 'fix'> {
  isFixed: boolean
  /** Why it could not be mended. */
  failure: string | null
}

/** Looks whether everything is as it should be, and mends what is not when it is asked to. Nothing of the user's is thrown away. */
export async function examine(repo: Repo, options: DoctorOptions): Promise<{ findings: Diagnosis[]; fine: string[] }> {
  const mends = options.fix === true && options.dryRun !== true
  // What others stand on comes first: a worktree is found before a branch is looked at.
  const first = [...(await checkLocks(repo)), ...(await checkChains(repo).then(({ findings }) => findings))]
  const diagnoses = await treat(first, mends)
  const { sound } = await checkChains(repo)
  for (const check of [checkWorktrees, checkLeases, checkExclude, checkBranches, checkNotes, checkSurroundings]) {
    diagnoses.push(...(await treat(await check(repo, sound), mends)))
    if (mends) repo.forgetWorktrees()
  }
  const { findings, fine } = options.person === undefined ? nobody : await checkPerson(repo, options.person)
  return { findings: [...diagnoses, ...(await treat(findings, false))], fine }
}

const nobody = { findings: [], fine: [] }

async function treat(findings: readonly Finding[], mends: boolean): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = []
  for (const { fix, ...finding } of findings) {
    const failure = mends && fix !== null ? await tryFix(fix) : null
    diagnoses.push({ ...finding, isFixed: mends && fix !== null && failure === null, failure })
  }
  return diagnoses
}

async function tryFix(fix: () => Promise<void>): Promise<string | null> {
  try {
    await fix()
    return null
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    return error.message
  }
}
