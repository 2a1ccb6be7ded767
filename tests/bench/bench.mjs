// `npm run bench`: how much git-amp costs, as ratios measured in one run against bare git and `node -e 0`.
// Runs are interleaved, so that a busy moment of the machine falls on both sides; the median counts.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const amp = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../dist/git-amp.cjs')
const root = mkdtempSync(join(tmpdir(), 'git-amp-bench-'))
const env = {
  PATH: process.env.PATH,
  HOME: root,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: join(root, 'gitconfig'),
  LC_ALL: 'C',
}
writeFileSync(
  env.GIT_CONFIG_GLOBAL,
  '[user]\n\tname = Bench\n\temail = bench@example.com\n[gc]\n\tauto = 0\n[advice]\n\tdetachedHead = false\n',
)

const git = (cwd, ...args) => execFileSync('git', args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 30 }).trim()
const quick = process.argv.includes('--quick')
const only = process.argv.slice(2).find((word) => !word.startsWith('-'))

function section(name, run) {
  if (only === undefined || only === name) run()
}

/** Runs each command `rounds` times in turns; returns the median of each in milliseconds. */
function compare(commands, rounds) {
  const times = commands.map(() => [])
  for (let round = 0; round < rounds + 1; round++) {
    commands.forEach((command, at) => {
      const context = command.before?.(round)
      const begin = process.hrtime.bigint()
      command.run(context)
      if (round > 0) times[at].push(Number(process.hrtime.bigint() - begin) / 1e6)
    })
  }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)])
}

function report(name, { measured, against, aim, detail }) {
  const ratio = (measured / against).toFixed(2)
  console.log(`${name.padEnd(52)} ${ratio.padStart(6)}x   aim ${aim.padEnd(8)} ${detail}`)
}

const ms = (value) => `${value.toFixed(1)} ms`
const exec = (file, args, cwd = root) => ({
  run: () => {
    const { status, stderr } = spawnSync(file, args, {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      maxBuffer: 1 << 30,
    })
    if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`)
  },
})
const node = exec(process.execPath, ['-e', '0'])

/** Peak resident memory of a command's own process in MiB, which it writes down when it ends. */
function peak(args, cwd) {
  const probe = `process.on('exit',()=>require('fs').writeFileSync(process.env.AMP_PEAK,String(process.resourceUsage().maxRSS)))`
  const file = join(root, 'peak')
  const preload = join(root, 'peak.cjs')
  writeFileSync(preload, probe)
  spawnSync(process.execPath, ['--require', preload, amp, ...args], {
    cwd,
    env: { ...env, AMP_PEAK: file },
    stdio: 'ignore',
  })
  return `peak ${(Number(execFileSync('cat', [file])) / 1024).toFixed(0)} MiB`
}

function repository(name) {
  const dir = join(root, name)
  mkdirSync(dir)
  git(dir, 'init', '-q', '-b', 'main')
  git(dir, 'commit', '-q', '--allow-empty', '-m', 'Begin')
  return dir
}

function startUp() {
  const dir = repository('start')
  for (let n = 0; n < 10; n++) exec(amp, ['new', `session-${n}`, '-m', 'x', '--agent', 'shell', '-q'], dir).run()
  const rounds = quick ? 9 : 31
  const [bare, version, list] = compare([node, exec(amp, ['--version']), exec(amp, ['list'], dir)], rounds)
  report('git amp --version / node -e 0', {
    measured: version,
    against: bare,
    aim: '1.2x',
    detail: `${ms(version)} / ${ms(bare)}`,
  })
  report('git amp list, 10 sessions / node -e 0', {
    measured: list,
    against: bare,
    aim: '1.6x',
    detail: `${ms(list)} / ${ms(bare)}, ${peak(['list'], dir)}`,
  })
}

function listing() {
  const dir = repository('list')
  const count = quick ? 1000 : 10_000
  exec(amp, ['new', 'session', '-m', 'Handle nested quotes', '--agent', 'shell', '-q'], dir).run()
  const [ref] = git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions').split('\n')
  const message = git(dir, 'log', '-1', '--format=%B', ref)
  const id = ref.split('/').at(-1)
  const lines = []
  for (let n = 0; n < count; n++) {
    const other = idOf(n)
    const text = message.replaceAll(id, other)
    lines.push(
      `commit refs/amp/sessions/${other}\ncommitter B <b@example.com> ${1_700_000_000 + n} +0000\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    )
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, env, input: lines.join('') })
  git(dir, 'pack-refs', '--all')
  const format = '--format=%(refname)%00%(objectname)%00%(contents:size)%00%(contents)'
  const rounds = quick ? 5 : 15
  const [bare, refs, list] = compare(
    [node, exec('git', ['for-each-ref', format, 'refs/amp/sessions'], dir), exec(amp, ['list'], dir)],
    rounds,
  )
  const detail = `(${ms(list)} - node ${ms(bare)}) / ${ms(refs)}, ${peak(['list'], dir)}`
  report(`git amp list, ${count} sessions, less node / for-each-ref`, {
    measured: list - bare,
    against: refs,
    aim: '2x',
    detail,
  })
}

function creation() {
  const dir = repository('new')
  const count = quick ? 5000 : 50_000
  const lines = [
    'commit refs/heads/main\ncommitter B <b@example.com> 1700000000 +0000\ndata 4\nmany\nfrom refs/heads/main^0\n',
  ]
  for (let n = 0; n < count; n++) {
    const text = `file ${n}\n`.repeat(20)
    lines.push(`M 100644 inline d${n % 500}/f${n}.txt\ndata ${text.length}\n${text}\n`)
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, env, input: lines.join('') })
  git(dir, 'reset', '-q', '--hard')
  let number = 0
  const worktree = {
    run: () => git(dir, 'worktree', 'add', '-q', '-b', `bare-${number}`, join(root, `bare-${number++}`)),
  }
  const [bare, added, created] = compare(
    [node, worktree, exec(amp, ['new', 'x', '-m', 'x', '--agent', 'shell', '-q'], dir)],
    quick ? 3 : 5,
  )
  const detail = `(${ms(created)} - node ${ms(bare)}) / ${ms(added)}, ${peak(['new', 'x', '-m', 'x', '-q'], dir)}`
  report(`git amp new, ${count} files, less node / worktree add`, {
    measured: created - bare,
    against: added,
    aim: '1.1x',
    detail,
  })
}

/** A repository of many files, by one fast-import. */
function manyFiles(name, count) {
  const dir = repository(name)
  const lines = [`commit refs/heads/main\n${by(0)}data 4\nmany\nfrom refs/heads/main^0\n`]
  for (let n = 0; n < count; n++) lines.push(blob(`d${n % 500}/f${n}.txt`, `file ${n}\n`.repeat(20)))
  lines.push(blob('shared.txt', shared(0)))
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, env, input: lines.join('') })
  git(dir, 'reset', '-q', '--hard')
  return dir
}

const by = (n) => `committer B <b@example.com> ${1_700_000_000 + n} +0000\n`
const blob = (path, text) => `M 100644 inline ${path}\ndata ${text.length}\n${text}\n`
/** A file in which each of 100 commits has a place of its own. */
const shared = (upTo) =>
  Array.from({ length: 600 }, (_, at) => `line ${at}${at % 6 === 3 && at / 6 < upTo ? ' changed' : ''}\n`).join('')

/**
 * A hundred commits on main, of an agent and of the user by turns, each in a file of its own or all in one.
 * @param subject of the agent's commits after the first
 */
function hundred(dir, { branch, base, isShared, subject }) {
  const lines = []
  for (let n = 0; n < 100; n++) {
    const title = n % 2 === 1 ? `Own ${n}` : n === 0 ? 'amp: first' : subject
    const file = isShared ? blob('shared.txt', shared(n + 1)) : blob(`d${n % 20}/f${n}.txt`, `changed ${n}\n`)
    const from = n === 0 ? `from ${base}\n` : ''
    lines.push(`commit refs/heads/${branch}\n${by(n)}data ${title.length}\n${title}\n${from}${file}`)
  }
  execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: dir, env, input: lines.join('') })
  return git(dir, 'rev-parse', branch)
}

/** Squash and rebase against the same by `git rebase`, each in a worktree of its own. */
function rewriting() {
  const dir = manyFiles('rewrite', quick ? 5000 : 50_000)
  exec(amp, ['new', 'x', '-m', 'x', '--agent', 'shell', '-q'], dir).run()
  const mine = git(dir, 'worktree', 'list', '--porcelain')
    .split('\n')
    .filter((line) => line.startsWith('worktree '))
    .at(-1)
    .slice(9)
  const plain = join(root, 'rewrite-plain')
  const base = git(dir, 'rev-parse', 'main')
  git(dir, 'worktree', 'add', '-q', '-b', 'plain', plain)
  const upstream = [`commit refs/heads/up\n${by(200)}data 2\nup\nfrom ${base}\n`]
  for (let n = 0; n < 20; n++) upstream.push(blob(`d${n}/f${n + 5000 / 2}.txt`, 'up\n'))
  upstream.push(blob('shared.txt', shared(0).replace('line 599', 'line up')))
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, env, input: upstream.join('') })
  for (const isShared of [false, true]) {
    const where = isShared ? 'in one file' : 'in 100 files'
    const agent = hundred(dir, { branch: 'agent', base, isShared, subject: 'amp: next' })
    const fixups = hundred(dir, { branch: 'fixups', base, isShared, subject: 'fixup! amp: first' })
    const reset = (cwd, tip, onto) => () => {
      git(dir, 'update-ref', 'refs/heads/main', onto)
      git(cwd, 'reset', '-q', '--hard', tip)
    }
    const up = git(dir, 'rev-parse', 'up')
    const autosquash = ['-c', 'sequence.editor=:', 'rebase', '-q', '-i', '--autosquash', 'main']
    const pairs = [
      ['squash', exec(amp, ['squash', 'x', '-q', '-m', 'One'], dir), exec('git', autosquash, plain), base],
      ['rebase', exec(amp, ['rebase', 'x', '-q'], dir), exec('git', ['rebase', '-q', 'main'], plain), up],
    ]
    for (const [name, ours, theirs, onto] of pairs) {
      const [measured, against] = compare(
        [
          { ...ours, before: reset(mine, agent, onto) },
          { ...theirs, before: reset(plain, name === 'squash' ? fixups : agent, onto) },
        ],
        quick ? 3 : 5,
      )
      const detail = `${ms(measured)} / ${ms(against)}, ${git(mine, 'rev-list', '--count', 'main..HEAD')} and ${git(plain, 'rev-list', '--count', 'main..HEAD')} commits`
      report(`git amp ${name}, 100 commits ${where} / git rebase`, { measured, against, aim: '0.5x', detail })
      if (git(mine, 'rev-parse', 'HEAD^{tree}') !== git(plain, 'rev-parse', 'HEAD^{tree}'))
        throw new Error(`${name}: other files`)
    }
  }
}

/** Two hundred items over twenty repositories, eight at a time, against a plain shell loop that does the same edits in worktrees of its own. */
function batches() {
  const [items, repositories] = quick ? [40, 4] : [200, 20]
  const home = repository('batch-home')
  const names = Array.from({ length: repositories }, (_, at) => `batch-${at}`)
  for (const name of names) repository(name)
  let number = 0
  const before = () => {
    number += 1
    const each = Array.from({ length: items / repositories }, (_, at) => `echo work ${at} of round ${number} > file`)
    const plan = { concurrency: 8, repos: names.map((name) => `../${name}`), prompts: each, agents: ['shell'] }
    writeFileSync(join(home, 'plan.json'), JSON.stringify(plan))
  }
  const loop = {
    run: () => {
      const one = [
        'git -C "$repo" worktree add -q -b "loop/$round/$n" "$PWD/loop-$repo-$round-$n"',
        'cd "loop-$repo-$round-$n"',
        'echo "work $n" > file',
        'git add -A',
        'git commit -q -m work',
      ].join(' && ')
      const script = `round=${number}; for repo in ${names.join(' ')}; do for n in $(seq ${items / repositories}); do (${one}) || exit 1; done; done`
      exec('sh', ['-c', script]).run()
    },
  }
  const batch = exec(amp, ['batch', 'start', '--file', 'plan.json', '-q'], home)
  const [measured, against] = compare([{ before, run: () => batch.run() }, loop], quick ? 1 : 3)
  before()
  const detail = `${ms(measured)} / ${ms(against)}, ${peak(['batch', 'start', '--file', 'plan.json', '-q'], home)} (aim 200)`
  report(`git amp batch, ${items} items / shell loop`, { measured, against, aim: '1.3x', detail })
}

/** The same commit, note and ref with bare git commands, by one shell. */
function iteration() {
  const dir = repository('iterate')
  exec(amp, ['new', 'x', '-m', 'date +%N > a.txt', '--agent', 'shell', '-q'], dir).run()
  const plain = join(root, 'plain')
  git(dir, 'worktree', 'add', '-q', '-b', 'plain', plain)
  const script = [
    'date +%N > a.txt',
    'git add --all',
    'tree=$(git write-tree)',
    'old=$(git rev-parse HEAD)',
    'new=$(git commit-tree -p "$old" -m "amp: x" "$tree")',
    'git update-ref refs/heads/plain "$new" "$old"',
    'git notes --ref=bench add -m "session x, iteration 1" "$new"',
    'state=$(git commit-tree -p "$new" -m "state" "$(git hash-object -t tree /dev/null)")',
    'git update-ref refs/bench/x "$state"',
  ].join(' && ')
  const [bare, commands, iterated] = compare(
    [node, exec('sh', ['-c', script], plain), exec(amp, ['iterate', 'x', '-q'], dir)],
    quick ? 5 : 15,
  )
  const detail = `(${ms(iterated)} - node ${ms(bare)}) / ${ms(commands)}, ${peak(['iterate', 'x', '-q'], dir)}`
  report('git amp iterate, less node / bare git', { measured: iterated - bare, against: commands, aim: '2.5x', detail })
}

/** Ids of sessions: numbers in the letters that ids are made of. */
const idOf = (n) =>
  n
    .toString(32)
    .padStart(12, '0')
    .replace(/[ilou]/g, (letter) => ({ i: 'w', l: 'x', o: 'y', u: 'z' })[letter])

/** A bare repository with many sessions of one iteration each: the history of a real one, over and over. */
function hub(name, count, { isClosed = false } = {}) {
  const dir = repository(`${name}-home`)
  exec(amp, ['new', 'session', '-m', 'echo 1 >a', '--agent', 'shell', '-q'], dir).run()
  exec(amp, ['iterate', 'session', '-q'], dir).run()
  if (isClosed) exec(amp, ['remove', '-f', 'session', '-q'], dir).run()
  const [ref] = git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions').split('\n')
  const id = ref.split('/').at(-1)
  const chain = git(dir, 'rev-list', '--first-parent', '--reverse', ref)
    .split('\n')
    .map((oid) => git(dir, 'cat-file', 'commit', oid))
  const bare = join(root, `${name}.git`)
  git(root, 'clone', '-q', '--bare', dir, bare)
  const lines = []
  for (let n = 0; n < count; n++) {
    chain.forEach((commit, at) => {
      const [head, ...rest] = commit.split('\n\n')
      const parents = [...head.matchAll(/^parent (.*)$/gm)].map((match) => match[1])
      const who = [...head.matchAll(/^(author|committer) .*$/gm)].map((match) => match[0])
      const text = `${rest.join('\n\n').replaceAll(id, idOf(n))}\n`
      lines.push(`commit refs/amp/sessions/${idOf(n)}\nmark :${n * chain.length + at + 1}\n${who.join('\n')}\n`)
      lines.push(`data ${Buffer.byteLength(text)}\n${text}`)
      if (at > 0) lines.push(`from :${n * chain.length + at}\n`)
      for (const code of parents.slice(1)) lines.push(`merge ${code}\n`)
    })
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: bare, env, input: lines.join('') })
  git(bare, 'pack-refs', '--all')
  return bare
}

/** Exchanging sessions with a repository on this machine, against a fetch of the same refs. */
function exchanging() {
  let number = 0
  const clone = (bare) => () => {
    const dir = join(root, `clone-${number++}`)
    git(root, 'clone', '-q', bare, dir)
    return dir
  }
  const into = (bare, file, args) => ({ before: clone(bare), run: (dir) => exec(file, args, dir).run() })
  const refspecs = [
    '+refs/amp/*:refs/amp-local/remotes/origin/*',
    '+refs/notes/amp*:refs/amp-local/remotes/origin/notes/amp*',
  ]
  const fetching = ['fetch', '-q', '--no-tags', 'origin', ...refspecs]
  const few = hub('few', quick ? 100 : 1000)
  const [start, fetched, synced] = compare(
    [node, into(few, 'git', fetching), into(few, amp, ['sync', '-q'])],
    quick ? 3 : 7,
  )
  report(`first git amp sync, ${quick ? 100 : 1000} sessions, less node / fetch`, {
    measured: synced - start,
    against: fetched,
    aim: '1.5x',
    detail: `(${ms(synced)} - node ${ms(start)}) / ${ms(fetched)}`,
  })
  const count = quick ? 1000 : 10_000
  const many = hub('many', count)
  const [plain, ours] = [clone(many)(), clone(many)()]
  exec('git', fetching, plain).run()
  exec(amp, ['sync', '-q'], ours).run()
  for (const dir of [plain, ours]) git(dir, 'pack-refs', '--all')
  const [bare, again, nothing] = compare(
    [node, exec('git', fetching, plain), exec(amp, ['sync', '-q'], ours)],
    quick ? 5 : 11,
  )
  report(`git amp sync of nothing, ${count} sessions, less node / fetch`, {
    measured: nothing - bare,
    against: again,
    aim: '1.5x',
    detail: `(${ms(nothing)} - node ${ms(bare)}) / ${ms(again)}, ${peak(['sync', '-q'], ours)}`,
  })
}

/** A `git push` of one commit by somebody who has no git-amp, to a repository with many sessions. */
function bystanding() {
  const count = quick ? 1000 : 10_000
  const [none, live, archived] = [hub('none', 0), hub('live', count), hub('archived', count, { isClosed: true })]
  exec(amp, ['gc', '-q'], archived).run()
  const left = git(archived, 'for-each-ref', 'refs/amp').split('\n').length
  if (left > 10) throw new Error(`${left} refs were not archived`)
  const push = (bare) => {
    const dir = join(root, `bystander-${bare.split('/').at(-1)}`)
    git(root, 'clone', '-q', bare, dir)
    const before = (round) => git(dir, 'commit', '-q', '--allow-empty', '-m', `Commit ${round}`)
    return { before, run: exec('git', ['push', '-q', 'origin', 'main'], dir).run }
  }
  const [plain, many, few] = compare([push(none), push(live), push(archived)], quick ? 5 : 11)
  report(`git push of one commit, ${count} sessions archived / none`, {
    measured: few,
    against: plain,
    aim: '2x',
    detail: `${ms(few)} / ${ms(plain)}, not archived ${ms(many)}`,
  })
}

/**
 * A line, and a file of 2,000 lines, of a history of 50,000 commits. One in ten of them changes the file, every other one of these by one of 50 sessions.
 */
function blaming() {
  const dir = repository('blame')
  const count = quick ? 10_000 : 50_000
  const ids = []
  for (let n = 0; n < 50; n++) {
    exec(amp, ['new', `s${n}`, '-m', `echo ${n} > s${n}.txt`, '--agent', 'shell', '-q'], dir).run()
    exec(amp, ['iterate', `s${n}`, '-q'], dir).run()
  }
  for (const ref of git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions').split('\n')) {
    const [iteration] = /"iteration":"\w+"/.exec(git(dir, 'log', '-1', '--format=%B', ref)) ?? ['']
    ids.push([ref.split('/').at(-1), iteration.slice(13, -1)])
  }
  const content = Array.from({ length: 2000 }, (_, at) => `line ${at}`)
  const lines = []
  for (let n = 0; n < count; n++) {
    const isOurs = n % 20 === 0
    const [session, iteration] = ids[(n / 20) % ids.length] ?? []
    const message = isOurs
      ? `amp: change ${n}\n\nAmp-Session: ${session}\nAmp-Iteration: ${iteration}\n`
      : `Change ${n}\n`
    if (n % 10 === 0) content[(n * 7) % 2000] = `line of ${n}`
    const text = n % 10 === 0 ? `${content.join('\n')}\n` : `${n}\n`
    const from = n === 0 ? 'from refs/heads/main^0\n' : ''
    lines.push(`commit refs/heads/main\n${by(n)}data ${message.length}\n${message}${from}`)
    lines.push(blob(n % 10 === 0 ? 'file.txt' : `d${n % 500}/f.txt`, text))
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, env, input: lines.join('') })
  git(dir, 'reset', '-q', '--hard')
  git(dir, 'repack', '-q', '-a', '-d')
  git(dir, 'commit-graph', 'write', '--reachable', '--changed-paths')
  const [bare, plain, ours, line, why] = compare(
    [
      node,
      exec('git', ['blame', 'file.txt'], dir),
      exec(amp, ['blame', 'file.txt'], dir),
      exec('git', ['blame', '-L', '14,14', 'file.txt'], dir),
      exec(amp, ['why', 'file.txt:14', '-q'], dir),
    ],
    quick ? 3 : 7,
  )
  report(`git amp blame, ${count} commits, less node / git blame`, {
    measured: ours - bare,
    against: plain,
    aim: '1.2x',
    detail: `(${ms(ours)} - node ${ms(bare)}) / ${ms(plain)}, ${peak(['blame', 'file.txt'], dir)}`,
  })
  report(`git amp why of a line, ${count} commits, less node / git blame`, {
    measured: why - bare,
    against: line,
    aim: '1.2x',
    detail: `(${ms(why)} - node ${ms(bare)}) / ${ms(line)}`,
  })
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
function seeded(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** A transcript of a megabyte as agents print it; in every fiftieth there is what is searched for. */
function transcript(random, n) {
  const words =
    'the session parser commit branch error undefined function return const import export value string'.split(' ')
  const said = (length) => {
    let text = ''
    while (text.length < length)
      text +=
        words[Math.floor(random() * words.length)] +
        Math.floor(random() * 1000).toString(36) +
        (random() < 0.1 ? '\n' : ' ')
    return text
  }
  const record = (text) => {
    const content = [
      { type: 'text', text },
      { type: 'tool_use', name: 'Bash', input: { command: 'ls' } },
    ]
    const d = JSON.stringify({ type: 'assistant', session_id: 's', message: { role: 'assistant', content } })
    return `${JSON.stringify({ t: 13, s: 'out', d })}\n`
  }
  let text = n % 50 === 0 ? record('He said "needle in the haystack" to me') : ''
  while (text.length < 1e6) text += record(said(200 + random() * 2000))
  return text
}

/** A text in a gigabyte of transcripts of a thousand sessions, against `git grep` over the same blobs. */
function searching() {
  const count = quick ? 100 : 1000
  const bare = hub('search', count)
  const [ref] = git(bare, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions').split('\n')
  const [, iteration] = /"iteration":"(\w+)"/.exec(git(bare, 'log', '-1', '--format=%B', ref)) ?? []
  const random = seeded(1)
  for (let from = 0; from < count; from += 50) {
    const lines = []
    for (let n = from; n < from + 50; n++) {
      const text = transcript(random, n)
      lines.push(`commit refs/amp-private/transcripts/${idOf(n)}\n${by(n)}data 1\nx\n`)
      lines.push(`M 100644 inline ${iteration}/000001.ndjson\ndata ${Buffer.byteLength(text)}\n${text}\n`)
    }
    execFileSync('git', ['fast-import', '--quiet'], { cwd: bare, env, input: lines.join('') })
  }
  git(bare, 'pack-refs', '--all')
  const refs = git(bare, 'for-each-ref', '--format=%(refname)', 'refs/amp-private/transcripts').split('\n')
  const pairs = [
    ['', ['-F', 'needle in the']],
    [' -i', ['-F', '-i', 'NEEDLE in the']],
  ]
  for (const [name, args] of pairs) {
    const [measured, against] = compare(
      [exec(amp, ['search', ...args], bare), exec('git', ['grep', ...args, ...refs], bare)],
      quick ? 3 : 5,
    )
    const found = spawnSync(amp, ['search', ...args, '--json'], { cwd: bare, env, encoding: 'utf8' }).stdout
    if (found.split('\n').length - 1 !== count / 50) throw new Error(`search: ${found.split('\n').length - 1} found`)
    report(`git amp search${name}, ${count} MB of transcripts / git grep`, {
      measured,
      against,
      aim: '2x',
      detail: `${ms(measured)} / ${ms(against)}, ${peak(['search', ...args], bare)}`,
    })
  }
}

/** Twenty sessions in a repository of 5,000 files, half of which change the same file, against a `git merge-tree` for each pair; and fifty, known ones. */
function colliding() {
  const dir = manyFiles('conflicts', quick ? 1000 : 5000)
  const begin = (from, to) => {
    for (let n = from; n < to; n++) {
      const script = `echo ${n} > d${n}/f${n}.txt${n % 2 === 0 ? ` && sed -i '${n + 1}s/$/ of ${n}/;300s/$/ of ${n}/' shared.txt` : ''}`
      exec(amp, ['new', `s${n}`, '-m', script, '--agent', 'shell', '-q'], dir).run()
      exec(amp, ['iterate', `s${n}`, '-q'], dir).run()
    }
    // Files of the second in which their index was written are read each time, until somebody asks for a status later than that.
    execFileSync('sleep', ['1.1'])
    for (const name of readdirSync(join(dir, '.worktrees'))) git(join(dir, '.worktrees', name), 'status')
  }
  begin(0, 20)
  const tips = () => git(dir, 'for-each-ref', '--format=%(objectname)', 'refs/heads/amp').split('\n')
  const heads = tips()
  const pairs = heads.flatMap((a, at) => ['main', ...heads.slice(at + 1)].map((b) => `${a} ${b}`))
  const merges = `${pairs.map((pair) => `git merge-tree --write-tree ${pair} >/dev/null || [ $? = 1 ]`).join('\n')}\n`
  writeFileSync(join(root, 'merges.sh'), `set -e\n${merges}`)
  const forget = () => rmSync(join(dir, '.git/amp/conflicts.json'), { force: true })
  const found = { run: () => spawnSync(amp, ['conflicts', '-q'], { cwd: dir, env, stdio: 'ignore' }) }
  const [plain, fresh, known] = compare(
    [exec('sh', [join(root, 'merges.sh')], dir), { before: forget, ...found }, found],
    quick ? 3 : 7,
  )
  report('git amp conflicts, 20 sessions / git merge-tree for each pair', {
    measured: fresh,
    against: plain,
    aim: '1x',
    detail: `${ms(fresh)} / ${ms(plain)}, known ${ms(known)}`,
  })
  begin(20, 50)
  spawnSync(amp, ['conflicts', '-q'], { cwd: dir, env, stdio: 'ignore' })
  const [bare, many] = compare([node, found], quick ? 3 : 7)
  report('git amp conflicts, 50 sessions, all known / 1 s', {
    measured: many,
    against: 1000,
    aim: '1x',
    detail: `${ms(many)}, node ${ms(bare)}, ${peak(['conflicts', '-q'], dir)}`,
  })
}

/** A stream of 64 MB as agents print it, read as an iteration reads it, against `JSON.parse` of the same lines. */
async function parsing() {
  const { build } = await import('esbuild')
  const outfile = join(root, 'reading.mjs')
  const contents = `export { LineSplitter, parseLine } from './util/ndjson.ts'
    export { claude } from './agent/claude.ts'
    export { Summary } from './agent/summary.ts'`
  const resolveDir = resolve(amp, '../../src')
  await build({ stdin: { contents, resolveDir, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', outfile })
  const { LineSplitter, parseLine, claude, Summary } = await import(outfile)
  const event = (at) => {
    const content = [
      {
        type: 'tool_use',
        id: `toolu_${at}`,
        name: 'Write',
        input: { file_path: `src/${at}.ts`, content: 'const a = 1\n'.repeat(at % 60) },
      },
    ]
    const usage = { input_tokens: at, output_tokens: 7, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }
    return JSON.stringify({
      type: 'assistant',
      session_id: 's',
      message: { id: `msg_${at}`, role: 'assistant', content, usage },
    })
  }
  const bytes = Buffer.from(`${Array.from({ length: 4000 }, (_, at) => event(at)).join('\n')}\n`)
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65536) }, (_, at) =>
    bytes.subarray(at * 65536, (at + 1) * 65536),
  )
  const times = Math.ceil((quick ? 16e6 : 64e6) / bytes.length)
  const each = (body) => ({
    run: () => {
      for (let at = 0; at < times; at++) body()
    },
  })
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line))
  const bare = each(() => {
    for (const line of lines) JSON.parse(line.toString('utf8'))
  })
  const reading = each(() => {
    const [splitter, reader, summary] = [new LineSplitter(), claude.reader(), new Summary()]
    for (const chunk of chunks) {
      for (const line of splitter.push(chunk)) {
        const parsed = parseLine(line)
        const events = parsed.kind === 'json' ? reader.json(parsed.value) : reader.text(parsed.text)
        for (const one of events) summary.add(one)
      }
    }
  })
  const [parsed, read] = compare([bare, reading], quick ? 3 : 5)
  const speed = (bytes.length * times) / 1e6 / (read / 1000)
  report('reading an agent / JSON.parse of its lines', {
    measured: read,
    against: parsed,
    aim: '3x',
    detail: `${speed.toFixed(0)} MB/s (aim 100)`,
  })
}

/** The ignored files of a warm worktree, against the copy that anybody would make by hand. */
function copying() {
  const dir = repository('copy')
  const count = quick ? 4000 : 40_000
  for (let n = 0; n < count; n++) {
    const folder = join(dir, 'node_modules', `p${n % (count / 50)}`, 'lib')
    if (n < count / 50) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `f${n}.js`), 'x'.repeat(200 + (n % 4000)))
  }
  writeFileSync(join(dir, '.gitignore'), 'node_modules\n')
  git(dir, 'add', '.gitignore')
  git(dir, 'commit', '-q', '-m', 'Ignore')
  git(dir, 'config', 'amp.copy', 'node_modules')
  let number = 0
  const [bare, copied, created] = compare(
    [
      exec(amp, ['new', 'x', '-m', 'x', '--agent', 'shell', '-q', '--no-setup'], dir),
      {
        run: () =>
          execFileSync('cp', ['-a', '--reflink=auto', join(dir, 'node_modules'), join(root, `copy-${number++}`)]),
      },
      exec(amp, ['new', 'x', '-m', 'x', '--agent', 'shell', '-q'], dir),
    ],
    quick ? 3 : 5,
  )
  report(`a worktree with ${count} ignored files, less new / cp -a`, {
    measured: created - bare,
    against: copied,
    aim: '1.0x',
    detail: `(${ms(created)} - new ${ms(bare)}) / ${ms(copied)}`,
  })
}

try {
  section('start', startUp)
  section('list', listing)
  section('new', creation)
  section('copy', copying)
  section('iterate', iteration)
  section('rewrite', rewriting)
  section('batch', batches)
  section('sync', exchanging)
  section('push', bystanding)
  section('blame', blaming)
  section('search', searching)
  section('conflicts', colliding)
  if (only === undefined || only === 'reading') await parsing()
} finally {
  rmSync(root, { recursive: true, force: true })
}
