import { dirty, edit } from './edits.js'
import type { Checkout } from './look.js'
import { sessionStep } from './session-moves.js'
import type { Step, World } from './world.js'

/** How often git-amp is killed. */
const killed = 0.13

/** How many doors a command goes through at most, so that it is killed anywhere in it. */
const doors: Record<string, number> = {
  new: 15,
  iterate: 42,
  squash: 28,
  rebase: 50,
  merge: 120,
  pause: 34,
  resume: 24,
  remove: 38,
  undo: 40,
  reopen: 8,
  resolve: 24,
}

/** The next step of a sequence: mostly of a session, sometimes of the base or of the repository. */
export function nextStep(world: World): Step {
  const { dice, ids, now } = world
  // What was killed is taken up again soon, mostly.
  const last = world.killed
  if (last !== undefined && now.sessions.has(last) && dice.chance(0.7)) return sessionStep(world, last)
  if (ids.length === 0) return newSession(world)
  const step = dice.weighted<() => Step>([
    [ids.length < 3 ? 4 : 0.5, () => newSession(world)],
    [12, () => upstream(world)],
    [3, () => upkeep(world)],
    [80, () => sessionStep(world, dice.one(ids))],
  ])()
  const most = doors[step.command ?? '']
  if (most === undefined || !dice.chance(killed)) return step
  return { ...step, kill: `${1 + dice.upTo(most)}:${dice.one(['before', 'after', 'child'])}` }
}

function newSession(world: World): Step {
  const { dice, ids, now } = world
  const name = `s${ids.length + 1}`
  const other = ids.length > 0 && dice.chance(0.15) ? dice.one(ids) : null
  const base =
    other !== null && now.refs.has(`refs/heads/${world.branch(other)}`) ? ` --base "$B${world.nameOf(other)}"` : ''
  const line = `git amp new ${name} -q --agent shell -m 'echo prompt >p'${base}`
  const variable = String.fromCharCode(65 + ids.length)
  return {
    command: 'new',
    line,
    shown: `${line}; ${variable}=$(id ${ids.length + 1}); W${variable}=$PWD/.worktrees/$${variable}; B${variable}=$(git amp list -a --format '%(id) %(branch)' | sed -n "s/^$${variable} //p")`,
  }
}

/** The base gains a commit, is rewritten, is switched away from, or its checkout has work of the user's. */
function upstream({ dice, now, ids, nameOf }: World): Step {
  const main = now.checkouts.get('') as Checkout
  const isHere = main.branch === 'main'
  const elsewhere = (script: string) =>
    `git worktree add -q --force ../up main; cd ../up; ${script}; cd ../repo; git worktree remove --force ../up`
  const inMain = (script: string): Step => ({ line: isHere ? script : elsewhere(script) })
  const branch = ids.length === 0 ? 'main' : `"$B${nameOf(dice.one(ids))}"`
  return dice.weighted<() => Step>([
    [8, () => inMain(`${edit(dice, main)}; git add -A; git commit -q --allow-empty -m Upstream`)],
    [2, () => inMain(`git cherry-pick ${branch} || git cherry-pick --abort || :`)],
    [1, () => inMain(`git merge -q --squash ${branch} && git commit -qm Squashed || git reset -q --hard`)],
    [0.7, () => inMain(`${edit(dice, main)}; git add -A; git commit -q --allow-empty --amend -m Rewritten`)],
    [
      2,
      () => ({
        line: isHere ? 'git switch -q side 2>/dev/null || git switch -qc side || :' : 'git switch -q main || :',
      }),
    ],
    [2, () => ({ line: dirty(dice, main) })],
    [
      2,
      () => ({
        line: 'git update-index --no-assume-unchanged --no-skip-worktree $(git ls-files -v | sed -n "s/^[a-zS] //p") || :; git reset -q --hard; git clean -qfd',
      }),
    ],
  ])()
}

/** What changes nothing that anybody would miss, and looks. */
function upkeep({ dice }: World): Step {
  return dice.weighted<Step>([
    [1, { line: 'git pack-refs --all' }],
    [1, { line: 'git gc -q' }],
    [2, { line: 'git amp gc' }],
    [2, { command: 'list', line: 'git amp list -a' }],
    [1, { command: 'oplog', line: 'git amp oplog' }],
  ])
}
