import { join } from 'node:path'
import type { Env, HostFs } from '../host.js'
import { type Json, object, string } from './messages.js'

/** Whether there is a trace of a login: nobody is asked. */
export type Login = 'yes' | 'no' | 'unknown'

/** Where an agent keeps what it logs in with. */
interface Traces {
  /** Variables of which one is enough. */
  variables: readonly string[]
  /** Files, below the home directory or one that the environment names; `has` tells whether one holds a login. */
  files(env: Env, home: string): readonly { path: string; has: (content: Json) => boolean }[]
  /** What it means that there is none of them: an agent with yet other ways cannot be judged. */
  otherwise: Login
}

const isFilled = (content: Json): boolean => Object.keys(content).length > 0

const traces: Readonly<Record<string, Traces>> = {
  amp: {
    variables: ['AMP_API_KEY'],
    files: (env, home) => [
      { path: join(env.XDG_DATA_HOME ?? join(home, '.local/share'), 'amp/secrets.json'), has: isFilled },
    ],
    otherwise: 'no',
  },
  claude: {
    variables: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'CLAUDE_CODE_OAUTH_TOKEN',
      'CLAUDE_CODE_USE_BEDROCK',
      'CLAUDE_CODE_USE_VERTEX',
    ],
    files: (env, home) => [
      { path: join(env.CLAUDE_CONFIG_DIR ?? join(home, '.claude'), '.credentials.json'), has: isFilled },
      { path: join(env.CLAUDE_CONFIG_DIR ?? join(home, '.claude'), 'settings.json'), has: hasKeyHelper },
      // Where the system has a keychain, only the account is written down.
      { path: join(env.CLAUDE_CONFIG_DIR ?? home, '.claude.json'), has: hasAccount },
    ],
    otherwise: 'no',
  },
  codex: {
    variables: ['CODEX_API_KEY'],
    // A provider of the user's own in config.toml needs no login.
    files: (env, home) => [{ path: join(env.CODEX_HOME ?? join(home, '.codex'), 'auth.json'), has: isFilled }],
    otherwise: 'unknown',
  },
  gemini: {
    variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_GENAI_USE_GCA'],
    // It also takes keys from .env files above the directory it works in.
    files: (_, home) => [{ path: join(home, '.gemini/oauth_creds.json'), has: isFilled }],
    otherwise: 'unknown',
  },
  opencode: {
    variables: ['OPENCODE_API_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'OPENROUTER_API_KEY'],
    // Its own configuration may hold keys, and some models need none.
    files: (env, home) => [
      { path: join(env.XDG_DATA_HOME ?? join(home, '.local/share'), 'opencode/auth.json'), has: isFilled },
    ],
    otherwise: 'unknown',
  },
}

const hasKeyHelper = (settings: Json): boolean => string(settings.apiKeyHelper) !== null

const hasAccount = (settings: Json): boolean =>
  isFilled(object(settings.oauthAccount)) || string(settings.primaryApiKey) !== null

/** Looks for the traces of a login. What they hold is not kept, and whether it is still valid only its provider knows. */
export async function loginOf(agent: string, env: Env, fs: Pick<HostFs, 'readFile'>): Promise<Login> {
  const known = Object.hasOwn(traces, agent) ? traces[agent] : undefined
  if (known === undefined) return 'unknown'
  if (known.variables.some((name) => (env[name] ?? '') !== '')) return 'yes'
  if (env.HOME === undefined) return 'unknown'
  const found = await Promise.all(
    known.files(env, env.HOME).map(async ({ path, has }) => has(await readJson(path, fs))),
  )
  return found.includes(true) ? 'yes' : known.otherwise
}

async function readJson(path: string, fs: Pick<HostFs, 'readFile'>): Promise<Json> {
  try {
    return object(JSON.parse(await fs.readFile(path, 'utf8')))
  } catch {
    // Absent, or nothing that we know how to read: no trace.
    return {}
  }
}
