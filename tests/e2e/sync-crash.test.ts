import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { install, start } from '../helpers/bundle.js'
import { type Clone, Clones } from '../helpers/clones.js'
import { seeded } from '../helpers/repository.js'

const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
const operations = process.env.KILL_ROUNDS === undefined ? 60 : 300

/** Ids of all events in the chains of a clone, read with git alone. */
function eventsIn(clone: Clone): Set<string> {
  const text = clone.git('log', '--format=%B', '--all', '--glob=refs/amp/sessions/*')
  return new Set([...text.matchAll(/^Amp-Event: \{"id":"([0-9a-z]{12})"/gm)].map((match) => match[1] ?? ''))
}

describe('clones that are killed at random moments', () => {
  it(`end with the same refs, and no event is lost: killed at any moment (KILL_SEED=${seed})`, async () => {
    const random = seeded(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const world = new Clones()
    install(world.scene)
    const clones = [world.home(), ...['ada', 'bob', 'eve'].map((name) => world.clone(name))]
    const run = async (clone: Clone, argv: readonly string[], kill: number | null) => {
      const { child, ended } = start(world.scene, ['git-amp', ...argv], { cwd: clone.dir })
      const timer = kill === null ? null : setTimeout(() => child.pid !== undefined && killGroup(child.pid), kill)
      const result = await ended
      if (timer !== null) clearTimeout(timer)
      return result
    }
    const sessionsOf = (clone: Clone) =>
      clone.git('for-each-ref', '--format=%(refname:lstrip=3)', 'refs/amp/sessions').split('\n').filter(Boolean)
    /** Archived ones, too. */
    const ids = new Set<string>()
    let [killed, synced] = [0, 0]
    for (let count = 0; count < operations; count++) {
      const clone = pick(clones)
      for (const one of sessionsOf(clone)) ids.add(one)
      const id = pick(sessionsOf(clone))
      const dice = random()
      const script = `echo ${count} >>f${Math.floor(random() * 3)}`
      const argv =
        id === undefined || dice < 0.1
          ? ['new', `s${count}`, '--agent', 'shell', '-m', 'true', '-q']
          : dice < 0.4
            ? ['iterate', id, '-f', '-m', script]
            : dice < 0.48
              ? ['squash', id, '-m', `Squashed ${count}`]
              : dice < 0.53
                ? ['remove', id, '-f']
                : dice < 0.57
                  ? ['reopen', id]
                  : dice < 0.65 && clone.snapshot(id).heads.length > 1
                    ? ['resolve', id, '--keep', pick(clone.snapshot(id).heads)]
                    : ['sync']
      const mayDie = argv[0] === 'sync' || argv[0] === 'iterate' || argv[0] === 'gc'
      const result = await run(clone, argv, mayDie && random() < 0.4 ? 50 + random() * 500 : null)
      if (result.signal === 'SIGKILL') {
        killed++
        // A git that is killed while it moves a ref leaves a lock, as ever: it is named, and the user's to remove.
        for (const lock of locksIn(world, clone)) rmSync(lock)
      } else if (argv[0] === 'sync') {
        synced++
        const bad = result.stdout.split('\n').filter((line) => line.includes('!'))
        expect([bad, result.stderr.match(/^(fatal|error):.*/m)?.[0], result.code]).toEqual([[], undefined, 0])
      } else expect([argv, result.stderr.includes('report it')]).toEqual([argv, false])
    }
    const before = new Set(clones.flatMap((clone) => [...eventsIn(clone)]))
    for (let round = 0; round < 2; round++)
      for (const clone of clones) {
        const result = await run(clone, ['sync'], null)
        expect([result.code, result.stdout]).toEqual([0, expect.not.stringContaining('!')])
      }
    const hub = world.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/amp', 'refs/notes/amp')
    for (const clone of clones) expect(clone.shared()).toBe(hub)
    for (const clone of clones) expect([...before].filter((id) => !eventsIn(clone).has(id))).toEqual([])
    // Settled: one more sync moves nothing, and only tells of what a killed agent left uncommitted where a branch was to follow.
    for (const clone of clones) {
      const { stdout } = await run(clone, ['sync'], null)
      expect(stdout.split('\n').filter((line) => !/^$|^From |^ {3}as it is .*are in the way/.test(line))).toEqual([])
    }
    const fresh = world.clone('fresh')
    await run(fresh, ['sync'], null)
    expect(fresh.shared()).toBe(hub)
    expect(await fresh.must('list', '-a', '--sort', 'created', '--format', '%(id) %(name)')).toBe(
      await (clones[0] as Clone).must('list', '-a', '--sort', 'created', '--format', '%(id) %(name)'),
    )
    for (const clone of clones) clone.git('fsck', '--strict', '--no-dangling')
    expect(synced).toBeGreaterThan(0)
    if (operations >= 60) expect(killed).toBeGreaterThan(0)
  }, 1_200_000)
})

/** Locks of refs, here and in the repository in the middle. */
function locksIn(world: Clones, clone: Clone): string[] {
  const dirs = [join(clone.dir, '.git'), world.hub]
  return dirs.flatMap((dir) =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => /^(refs\/.*|packed-refs)\.lock$/.test(name))
      .map((name) => join(dir, name)),
  )
}

/** What it started dies with it. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
