import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** A session with an iteration, and a remote that calls itself `url` and lies beside the repository. */
async function ready(url: string) {
  const s = scene()
  const dir = join(s.root, 'remote.git')
  s.gitAt(s.root, 'clone', '-q', '--bare', 'repo', dir)
  s.git('remote', 'add', 'origin', url)
  s.git('config', 'remote.origin.pushUrl', dir)
  s.git('fetch', '-q', dir, '+refs/heads/*:refs/remotes/origin/*')
  s.git('branch', '-q', '--set-upstream-to=origin/main', 'main')
  // The user's own path, without a program that this machine may have.
  s.env.PATH = s.git('--exec-path').replace(/[^:]*$/, '/usr/bin:/bin')
  const id = await s.session('a', { prompt: 'Say `hello`\n```\nand more', args: ['--test', 'true'] })
  await s.iterate(id, 'echo 1 >a')
  return { s, id, dir, branch: s.branch(id) }
}

/** A program that writes down how it was called, and answers. */
const program = (s: Scene, name: string, answer: string) =>
  s.program(name, `printf '%s\\n' "$@" >${s.root}/${name}.args; cat >${s.root}/${name}.input; ${answer}`)

describe('git amp merge --pr', () => {
  it('pushes the branch and opens a pull request with gh, and the session is in review', async () => {
    const { s, id, dir, branch } = await ready('https://github.com/owner/project.git')
    program(s, 'gh', 'echo https://github.com/owner/project/pull/7')
    const main = s.git('rev-parse', 'main')
    const answer = await s.amp('merge', id, '--pr', '-m', 'Say hello', '-m', 'As was asked.')
    expect([answer.code, plain(answer.stdout, s.root), plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "https://github.com/owner/project/pull/7
      ",
        "-   rebase    main has not moved on
      ok  test      pass on this tree, as recorded
      ok  review    opened: https://github.com/owner/project/pull/7
      hint: git amp undo takes back all but what was pushed
      ",
      ]
    `)
    expect(plain(s.read('gh.args', s.root), s.root)).toMatchInlineSnapshot(`
      "pr
      create
      --head=amp/a/<time>
      --base=main
      --title=Say hello
      --body-file=-
      "
    `)
    const text = plain(s.read('gh.input', s.root), s.root).replace(/\d{4}-\d\d-\d\dT[\d:]+Z/, '<at>')
    expect(text).toMatchInlineSnapshot(`
      "As was asked.

      ## Prompt

      \`\`\`\`text
      Say \`hello\`
      \`\`\`
      and more
      \`\`\`\`

      ## Iterations

      1. echo 1 >a (shell: 1 file, +1 -0, tests pass)

      ## Tests

      Pass, <at>.

      Session: \`<id>\`
      "
    `)
    expect(s.gitAt(dir, 'rev-parse', branch)).toBe(s.git('rev-parse', branch))
    expect([s.git('rev-parse', 'main'), s.exists('', s.worktree(id))]).toEqual([main, true])
    expect(s.snapshot(id)).toMatchObject({ status: 'review', review: { url: expect.stringContaining('/pull/7') } })
    expect((await s.amp('list')).stdout).toContain('review')
    expect((await s.amp('show', id)).stdout).toContain('in review: https://github.com/owner/project/pull/7')
  })

  it('pushes again what was rewritten since, and undo says that the pull request stays', async () => {
    const { s, id, dir, branch } = await ready('git@github.com:owner/project.git')
    program(s, 'gh', 'echo https://github.com/owner/project/pull/7')
    expect((await s.amp('merge', id, '--pr')).code).toBe(0)
    s.commit({ up: '1' }, 'Upstream')
    program(s, 'gh', 'exit 9')
    const answer = await s.amp('merge', id, '--pr')
    expect([answer.code, answer.stdout, answer.stderr]).toEqual([
      0,
      'https://github.com/owner/project/pull/7\n',
      expect.stringContaining('pushed again'),
    ])
    expect(s.gitAt(dir, 'rev-parse', branch)).toBe(s.git('rev-parse', branch))
    for (const word of ['merge', 'merge']) expect((await s.amp('undo')).stdout).toContain(`undid ${word}`)
    expect(s.snapshot(id)).toMatchObject({ status: 'idle' })
    expect(s.snapshot(id).review ?? null).toBeNull()
    const refs = s.gitAt(dir, 'for-each-ref')
    s.gitAt(dir, 'update-ref', `refs/heads/${branch}`, s.gitAt(dir, 'rev-parse', 'main'))
    const moved = await s.amp('merge', id, '--pr')
    expect([moved.code, moved.stderr]).toEqual([1, expect.stringContaining('could not be pushed to origin')])
    expect(s.gitAt(dir, 'for-each-ref')).not.toBe(refs)
  })

  it('does not replace what somebody else pushed to the branch, also after a fetch', async () => {
    const { s, id, dir, branch } = await ready('git@github.com:owner/project.git')
    program(s, 'gh', 'echo https://github.com/owner/project/pull/7')
    expect((await s.amp('merge', id, '--pr')).code).toBe(0)
    const theirs = s.gitAt(dir, 'commit-tree', '-p', branch, '-m', 'Theirs', 'main^{tree}')
    s.gitAt(dir, 'update-ref', `refs/heads/${branch}`, theirs)
    s.git('fetch', '-q', dir, '+refs/heads/*:refs/remotes/origin/*')
    s.commit({ up: '1' }, 'Upstream')
    const answer = await s.amp('merge', id, '--pr')
    expect([answer.code, plain(answer.stderr, s.root).split('\n').slice(-4)]).toMatchInlineSnapshot(`
      [
        1,
        [
          "no  review    origin",
          "error: origin/amp/a/<time> has 1 commit that session a has not: <oid12>",
          "hint: Take them into its worktree with "git cherry-pick", then run the command again.",
          "",
        ],
      ]
    `)
    expect(s.gitAt(dir, 'rev-parse', branch)).toBe(theirs)
    s.gitAt(s.worktree(id), 'cherry-pick', theirs)
    expect((await s.amp('merge', id, '--pr')).code).toBe(0)
    expect(s.gitAt(dir, 'rev-parse', branch)).toBe(s.git('rev-parse', branch))
  })

  it('says in undo what stays', async () => {
    const { s, id } = await ready('https://github.com/owner/project')
    program(s, 'gh', 'echo https://github.com/owner/project/pull/7')
    s.commit({ up: '1' }, 'Upstream')
    await s.amp('merge', id, '--pr')
    const undone = await s.amp('undo')
    expect(plain(undone.stderr, s.root)).toMatchInlineSnapshot(`
      "Worktree $ROOT/repo/.worktrees/<id> updated
      warning: what amp/a/<time> had is in origin/amp/a/<time> too, and stays there
      warning: the pull request stays: https://github.com/owner/project/pull/7
      "
    `)
  })

  it('takes one that exists already', async () => {
    const { s, id } = await ready('https://github.com/owner/project')
    program(
      s,
      'gh',
      'echo "a pull request for branch already exists: https://github.com/owner/project/pull/3" >&2; exit 1',
    )
    const answer = await s.amp('merge', id, '--pr')
    expect([answer.code, answer.stdout]).toEqual([0, 'https://github.com/owner/project/pull/3\n'])
  })

  it('calls glab where the host is GitLab, and either where nobody knows', async () => {
    for (const url of [
      'https://gitlab.example.com/group/sub/project.git',
      'ssh://git@code.example.com:2222/group/sub/project',
    ]) {
      const { s, id } = await ready(url)
      program(s, 'glab', 'echo "!12 https://gitlab.example.com/group/sub/project/-/merge_requests/12"')
      const answer = await s.amp('merge', id, '--pr')
      expect([answer.code, answer.stdout]).toEqual([
        0,
        'https://gitlab.example.com/group/sub/project/-/merge_requests/12\n',
      ])
      expect(s.read('glab.args', s.root)).toContain('--target-branch=main\n')
    }
  })

  it('tells the address where there is no program, or it refuses', async () => {
    const { s, id, dir } = await ready('https://github.com/owner/project')
    const answer = await s.amp('merge', id, '--pr')
    expect([answer.code, plain(answer.stdout, s.root), plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "https://github.com/owner/project/compare/main...amp/a/<time>?expand=1
      ",
        "-   rebase    main has not moved on
      ok  test      pass on this tree, as recorded
      !   review    pushed; open it in a browser: https://github.com/owner/project/compare/main...amp/a/<time>?expand=1
      hint: Open the pull request there (gh is not installed).
      hint: git amp undo takes back all but what was pushed
      ",
      ]
    `)
    program(s, 'gh', 'echo "To get started with GitHub CLI, please run:  gh auth login" >&2; exit 4')
    const other = await s.session('b')
    await s.iterate(other, 'echo 1 >b')
    s.write(
      { 'hooks/post-receive': '#!/bin/sh\necho "Create one: https://github.com/owner/project/pull/new/x" >&2\n' },
      dir,
    )
    s.gitAt(dir, 'config', 'core.hooksPath', 'hooks')
    const { chmodSync } = await import('node:fs')
    chmodSync(join(dir, 'hooks/post-receive'), 0o755)
    const offered = await s.amp('merge', other, '--pr', '--json')
    expect(JSON.parse(offered.stdout)).toMatchObject({
      schema: 'git-amp/merge@1',
      via: null,
      review: {
        url: 'https://github.com/owner/project/pull/new/x',
        isOpened: false,
        problem: expect.stringContaining('gh auth login'),
      },
    })
  })

  it('needs a remote, and stops before it when the tests fail', async () => {
    const s = scene()
    const id = await s.session('a', { args: ['--test', 'false'] })
    await s.iterate(id, 'echo 1 >a')
    const none = await s.amp('merge', id, '--pr')
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('there is no remote to push to')])
    const bare = join(s.root, 'bare')
    s.gitAt(s.root, 'init', '-q', '--bare', 'bare')
    s.git('remote', 'add', 'origin', bare)
    expect((await s.amp('merge', id, '--pr')).stderr).toContain('the tests fail')
    expect(s.gitAt(bare, 'for-each-ref')).toBe('')
  })

  it('records what was pushed where nobody knows the address of a pull request', async () => {
    const { s, id, dir, branch } = await ready('ssh://git@localhost/srv/project')
    s.git('remote', 'set-url', 'origin', dir)
    const answer = await s.amp('merge', id, '--pr')
    expect([answer.code, plain(answer.stdout, s.root), plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "pushed amp/a/<time>; no pull request was opened
      ",
        "-   rebase    main has not moved on
      ok  test      pass on this tree, as recorded
      !   review    pushed to origin; no pull request was opened
      hint: Open the pull request where the repository is hosted (gh and glab are not installed).
      hint: git amp undo takes back all but what was pushed
      ",
      ]
    `)
    expect(s.gitAt(dir, 'rev-parse', branch)).toBe(s.git('rev-parse', branch))
    expect(s.snapshot(id)).toMatchObject({ status: 'review', review: { url: '' } })
    expect((await s.amp('show', id)).stdout).toContain('in review\n')
    expect((await s.amp('log', id)).stdout).toContain('on origin')
    const again = JSON.parse((await s.amp('merge', id, '--pr', '--json')).stdout)
    expect(again).toMatchObject({ review: { url: null, isOpened: false } })
    for (const _ of [1, 2]) expect((await s.amp('undo')).stderr).not.toContain('pull request stays')
    expect(s.snapshot(id).status).toBe('idle')
  })
})
