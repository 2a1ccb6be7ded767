import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Scene, scene } from '../helpers/scene.js'

/** A scene whose PATH holds git, a shell and these programs, which print their version. */
function withPrograms(versions: Record<string, string>): Scene {
  const s = scene()
  const bin = join(s.root, 'bin')
  mkdirSync(bin)
  for (const tool of ['git', 'sh', 'sleep', 'cat']) {
    const path = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim()
    symlinkSync(path, join(bin, tool))
  }
  for (const [name, version] of Object.entries(versions)) {
    writeFileSync(join(bin, name), `#!/bin/sh\ncase "$*" in *--version) ${version} ;; *) cat ;; esac\n`)
    chmodSync(join(bin, name), 0o755)
  }
  s.env = { ...s.env, PATH: bin }
  return s
}

const shown = (s: Scene, text: string) => text.replaceAll(s.root, '$ROOT')

describe('git amp agents', () => {
  it('lists what is here, what is not and what to do', async () => {
    const s = withPrograms({
      claude: 'echo "2.1.0 (Claude Code)"',
      codex: 'echo "codex-cli 0.169.0"; echo warning >&2',
    })
    s.git('config', 'amp.agent', 'claude')
    s.git('config', 'amp.agent.mine.command', 'cat --help')
    s.git('config', 'amp.agent.bad.command', 'x "y')
    const answer = await s.amp('agents')
    expect(answer.code).toBe(0)
    expect(shown(s, answer.stdout)).toMatchInlineSnapshot(`
      "  amp       -        -               no 'amp' on PATH
      * claude    2.1.0    no login found  $ROOT/bin/claude
        codex     0.169.0  login unknown   $ROOT/bin/codex
        gemini    -        -               no 'gemini' on PATH
        opencode  -        -               no 'opencode' on PATH
        shell     -        -               built in
        bad       -        -               'amp.agent.bad.command' has a quote that is not closed
        mine      -        -               $ROOT/bin/cat
      "
    `)
    expect(shown(s, answer.stderr)).toMatchInlineSnapshot(`
      "hint: amp: install Amp as https://ampcode.com/manual describes, then run 'amp login' once
      hint: claude: run 'claude' and type /login once, or set ANTHROPIC_API_KEY
      hint: gemini: install Gemini CLI with 'npm install -g @google/gemini-cli', then run 'gemini' once and log in
      hint: opencode: install opencode with 'npm install -g opencode-ai', then run 'opencode auth login' once
      hint: bad: see "git config --get-regexp amp.agent.bad"
      "
    `)
    expect((await s.amp('agents', '-q')).stderr).toBe('')
  })

  it('finds a login in the variables and files that an agent keeps it in', async () => {
    const s = withPrograms({ claude: 'exit 0', codex: 'exit 0', gemini: 'exit 0', opencode: 'exit 0', amp: 'exit 0' })
    const logins = async () =>
      (await s.amp('agents', '--format', '%(login)')).stdout.trim().split('\n').slice(0, 5).join(' ')
    expect(await logins()).toBe('no no unknown unknown unknown')
    mkdirSync(join(s.root, '.codex'))
    writeFileSync(join(s.root, '.codex/auth.json'), '{"tokens":{}}')
    writeFileSync(join(s.root, '.claude.json'), '{"oauthAccount":{"emailAddress":"a@example.com"}}')
    s.git('config', 'amp.agent.gemini.env', 'GEMINI_API_KEY=secret')
    s.env.AMP_API_KEY = 'secret'
    const answer = await s.amp('agents', '--json')
    expect(answer.stdout).not.toContain('secret')
    expect(await logins()).toBe('yes yes yes yes unknown')
  })

  it('speaks to scripts', async () => {
    const s = withPrograms({ claude: 'echo 1.2.3' })
    s.git('config', 'amp.agent.claude.model', 'opus')
    const { stdout } = await s.amp('agents', '--json')
    const { schema, default: chosen, agents } = JSON.parse(stdout) as Record<string, unknown> & { agents: object[] }
    expect([schema, chosen, agents.length]).toEqual(['git-amp/agents@1', 'amp', 6])
    expect(agents[1]).toEqual({
      name: 'claude',
      kind: 'known',
      command: 'claude',
      path: join(s.root, 'bin/claude'),
      version: '1.2.3',
      login: 'no',
      isUsable: true,
      reason: null,
      next: "run 'claude' and type /login once, or set ANTHROPIC_API_KEY",
      isDefault: false,
      model: 'opus',
      approve: true,
    })
    const records = (await s.amp('agents', '--porcelain', '-z')).stdout.split('\0\0')
    expect(records.at(-2)?.split('\0')).toEqual([
      'agent shell',
      'kind builtin',
      'usable yes',
      'default no',
      'command sh',
      'approve yes',
    ])
    expect((await s.amp('agents', '--format', '%(nonsense)')).code).toBe(129)
    expect((await s.amp('agents', '--porcelain=v9')).code).toBe(129)
  })

  it('does not start what it does not know', async () => {
    const s = withPrograms({ mine: 'echo 9.9.9; : >"$HOME/started"' })
    s.git('config', 'amp.agent.mine.command', 'mine')
    expect((await s.amp('agents', '--format', '%(agent) %(version)')).stdout).toMatch(/^mine $/m)
    expect(s.exists('started', s.root)).toBe(false)
  })

  it('warns when the chosen agent is none', async () => {
    const s = withPrograms({})
    s.git('config', 'amp.agent', 'hal')
    expect((await s.amp('agents')).stderr).toContain("warning: amp.agent is 'hal', which is no agent")
  })
})

it('a model that looks like an option is refused before anything is recorded', async () => {
  const s = scene()
  const answer = await s.amp('new', 'a', '-m', 'x', '--agent', 'claude', '--model=--settings=x')
  expect([answer.code, answer.stderr.split('\n')[0]]).toEqual([129, "error: '--settings=x' is no name of a model"])
  expect(s.git('for-each-ref', 'refs/amp')).toBe('')
})

describe("agents of the user's own", () => {
  it('work in a session, with prompt, variables and thread', async () => {
    const s = scene()
    const agent = join(s.root, 'agent.sh')
    const stream = (id: string) =>
      `echo '{"type":"thread.started","thread_id":"${id}"}'; echo '{"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":1}}'`
    writeFileSync(
      agent,
      `#!/bin/sh\n{ echo "$* $WHO $GIT_AMP_MODEL"; cat; echo; cat "$GIT_AMP_PROMPT_FILE"; } >seen.txt\n${stream('01a203bb-4758-7352-b238-704f3d2337ae')}\n`,
    )
    chmodSync(agent, 0o755)
    s.git('config', 'amp.agent.mine.command', `'${agent}' "first time"`)
    s.git('config', 'amp.agent.mine.resume', `'${agent}' --thread={thread}`)
    s.git('config', 'amp.agent.mine.env', 'WHO=me')
    s.git('config', 'amp.agent.mine.model', 'm1')
    expect((await s.amp('new', 'own', '-m', 'hello', '--agent', 'mine', '--run')).code).toBe(0)
    expect(s.git('show', 'HEAD:README.md')).toBe('# Project')
    const branch = s.git('for-each-ref', '--format=%(refname)', 'refs/heads/amp')
    expect(s.git('show', `${branch}:seen.txt`)).toBe('first time me m1\nhello\nhello')
    expect((await s.amp('iterate', 'own', '-m', 'more')).code).toBe(0)
    expect(s.git('show', `${branch}:seen.txt`)).toMatch(/^--thread=01a203bb-4758-7352-b238-704f3d2337ae me m1\nmore/)
    const leases = join(s.dir, '.git/amp/leases')
    expect(execFileSync('ls', [leases], { encoding: 'utf8' })).toBe('')
  })
})
