import { describe, expect, it } from 'vitest'
import { AnyReader } from '../../../src/agent/dialects.js'
import { agentNames, findAdapter } from '../../../src/agent/registry.js'
import { recorded, recordings, replay } from './replay.js'

/** What a recorded run means; what is not named here is not there. */
interface Meaning {
  /** Why it failed; null when it succeeded. */
  reason: string | null
  thread?: string
  text?: string
  /** Input, output, read from the cache, written to the cache. */
  tokens?: string
  costUsd?: number
  models?: string
  /** Every tool, and how it ended: `?` when it did not. */
  tools?: string
  waiting?: 'login' | 'approval'
  isThreadLost?: true
  isTransient?: true
}

const meanings: Readonly<Record<string, Meaning>> = {
  'amp-badresume': {
    reason: 'Thread http://127.0.0.1:18080/threads/T-00000000-0000-4000-8000-000000000000 does not exist.',
    isThreadLost: true,
  },
  'amp-bash': {
    reason: null,
    thread: 'T-9cb065fa-8ac9-4873-8489-079a6300b8fb',
    text: 'Done: 1 step(s).',
    tokens: '1974 34 0 0',
    tools: 'shell_command ok',
  },
  'amp-denied': {
    reason: null,
    thread: 'T-11735bc7-c802-4477-9ba2-8792b7ef490b',
    text: 'Finished.',
    tokens: '3222 59 0 0',
    tools: 'create_file ok, shell_command failed',
  },
  'amp-http400': { reason: 'HTTP 400: Mock failure 400', thread: 'T-fb8ac785-ebb1-4152-b639-69cf93d128ce' },
  'amp-http500': {
    reason: 'HTTP 500: Mock failure 500',
    thread: 'T-71829020-9c32-44ef-b9ac-a2d9f5398db0',
    isTransient: true,
  },
  'amp-js-badresume': { reason: 'Thread T-00000000-0000-4000-8000-000000000000 does not exist.', isThreadLost: true },
  'amp-js-bash': {
    reason: null,
    thread: 'T-01a203d3-eaf9-740c-80b7-6c2881b823d6',
    text: 'Done: 1 step(s).',
    tokens: '2004 33 0 0',
    tools: 'Bash ok',
  },
  'amp-js-denied': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-01a203d5-b494-7534-81d7-e1ef9ab6b176',
    tokens: '2028 47 0 0',
    tools: 'create_file ok, Bash ?',
  },
  'amp-js-http400': { reason: 'HTTP 400: Mock failure 400', thread: 'T-01a203d4-2bbc-7798-8fa2-49e07cc97a50' },
  'amp-js-http500': {
    reason: 'HTTP 500: Mock failure 500',
    thread: 'T-01a203d4-0dbe-76fd-a016-4c21824cadd5',
    isTransient: true,
  },
  'amp-js-multi': {
    reason: null,
    thread: 'T-01a203d3-fbdf-721f-a90a-a0d610a2b2f2',
    text: 'All three steps are done.',
    tokens: '4800 1360 32000 3600',
    tools: 'create_file ok, Bash ok, edit_file ok',
  },
  'amp-js-noauth': { reason: "amp wants a login: run 'amp login' once, or set AMP_API_KEY", waiting: 'login' },
  'amp-js-nochange': {
    reason: null,
    thread: 'T-01a203d3-f3e9-728a-9f57-48bab909d2fd',
    text: 'Nothing to change here.',
    tokens: '923 15 0 0',
  },
  'amp-js-resume-1': {
    reason: null,
    thread: 'T-01a203d5-7fca-714c-ad68-ba4a0efe994d',
    text: 'Done: 1 step(s).',
    tokens: '1992 38 0 0',
    tools: 'create_file ok',
  },
  'amp-js-resume-2': {
    reason: null,
    thread: 'T-01a203d5-7fca-714c-ad68-ba4a0efe994d',
    text: 'Second turn.',
    tokens: '2004 38 0 0',
    tools: 'create_file ok',
  },
  'amp-js-sigint': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-01a203d5-3856-777f-afa8-21a170b25cbc',
    tokens: '934 26 0 0',
    tools: 'create_file ok',
  },
  'amp-js-sigterm': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-01a203d5-4635-72eb-91df-356759aaee66',
    tokens: '934 27 0 0',
    tools: 'create_file ok',
  },
  'amp-js-sigtermtool': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-01a203de-3e6b-7114-94a8-55eecb125401',
    tokens: '931 24 0 0',
    tools: 'Bash ?',
  },
  'amp-js-stdin': {
    reason: null,
    thread: 'T-01a203d6-a114-7419-bb6e-d5919bc533cb',
    text: 'Done: 1 step(s).',
    tokens: '2010 40 0 0',
    tools: 'create_file ok',
  },
  'amp-js-unreachable': { reason: 'exit code 1' },
  'amp-js-write': {
    reason: null,
    thread: 'T-01a203d3-e2c3-7001-aac4-717b1d8b54d8',
    text: 'Done: 1 step(s).',
    tokens: '2004 40 0 0',
    tools: 'create_file ok',
  },
  'amp-may-bash': {
    reason: null,
    thread: 'T-01a203d8-b381-7268-876b-18ded7016d6c',
    text: 'Done: 1 step(s).',
    tokens: '1982 33 0 0',
    tools: 'Bash ok',
  },
  'amp-may-denied': {
    reason: 'The following tools require user approval, which is not supported in stream JSON mode: Bash',
    thread: 'T-01a203da-0af4-7750-9f98-bddde815505a',
    tokens: '2006 48 0 0',
    tools: 'create_file ok, Bash ?',
    waiting: 'approval',
  },
  'amp-may-http500': {
    reason: 'HTTP 500: Mock failure 500',
    thread: 'T-01a203d8-d784-7054-ac9f-dd8cee62ea53',
    isTransient: true,
  },
  'amp-may-multi': {
    reason: null,
    thread: 'T-01a203d8-c590-70e8-8404-73a8beec58bf',
    text: 'All three steps are done.',
    tokens: '4800 1360 32000 3600',
    tools: 'create_file ok, Bash ok, edit_file ok',
  },
  'amp-may-nochange': {
    reason: null,
    thread: 'T-01a203d8-bcdd-7729-9b13-0ccb5d215a87',
    text: 'Nothing to change here.',
    tokens: '913 15 0 0',
  },
  'amp-may-resume-1': {
    reason: null,
    thread: 'T-01a203d9-f6dd-74f3-97aa-fc043d5394dd',
    text: 'Done: 1 step(s).',
    tokens: '1972 39 0 0',
    tools: 'create_file ok',
  },
  'amp-may-resume-2': {
    reason: null,
    thread: 'T-01a203d9-f6dd-74f3-97aa-fc043d5394dd',
    text: 'Second turn.',
    tokens: '1974 38 0 0',
    tools: 'create_file ok',
  },
  'amp-may-sigint': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-01a203d9-d7da-73fb-b5c2-1283504e6099',
    tokens: '923 27 0 0',
    tools: 'create_file ok',
  },
  'amp-may-sigterm': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-01a203d9-e7b6-7720-af43-168a82e1c61b',
    tokens: '923 27 0 0',
    tools: 'create_file ok',
  },
  'amp-may-write': {
    reason: null,
    thread: 'T-01a203d8-aaf9-74fb-b06d-b1496fe9e09e',
    text: 'Done: 1 step(s).',
    tokens: '1984 40 0 0',
    tools: 'create_file ok',
  },
  'amp-multi': {
    reason: null,
    thread: 'T-ebfce2e4-8a3a-4d1f-ae1b-39f80d15a3da',
    text: 'All three steps are done.',
    tokens: '4800 1360 32000 3600',
    tools: 'create_file ok, shell_command ok, edit_file ok',
  },
  'amp-noauth': { reason: "amp wants a login: run 'amp login' once, or set AMP_API_KEY", waiting: 'login' },
  'amp-nochange': {
    reason: null,
    thread: 'T-6fb5e711-bfbe-4a9a-894a-92f1cc22db3c',
    text: 'Nothing to change here.',
    tokens: '909 15 0 0',
  },
  'amp-resume-1': {
    reason: null,
    thread: 'T-2f8c7985-3f6d-4325-a2b4-5779193c76b7',
    text: 'Done: 1 step(s).',
    tokens: '1964 38 0 0',
    tools: 'create_file ok',
  },
  'amp-resume-2': { reason: 'This thread is archived and cannot be continued.', isThreadLost: true },
  'amp-sigint': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-eb651136-74f4-48f7-b2d9-40be5b1f1cbc',
    tokens: '919 26 0 0',
    tools: 'create_file ok',
  },
  'amp-sigterm': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-d9b30e3a-8036-4402-bb7b-39507be7f7bc',
    tokens: '919 26 0 0',
    tools: 'create_file ok',
  },
  'amp-sigtermtool': {
    reason: 'User cancelled (SIGINT/SIGTERM)',
    thread: 'T-e63af04a-84b5-4d2f-9959-6a920cbbda63',
    tokens: '916 25 0 0',
    tools: 'shell_command ?',
  },
  'amp-stdin': {
    reason: null,
    thread: 'T-9e714304-a797-42e8-859d-3d939279901f',
    text: 'Done: 1 step(s).',
    tokens: '1980 39 0 0',
    tools: 'create_file ok',
  },
  'amp-unreachable': { reason: "Couldn't connect to the Amp server at http://127.0.0.1:18999.", isTransient: true },
  'amp-write': {
    reason: null,
    thread: 'T-6cc0a04d-ecec-4d96-9a20-0caaac9cd575',
    text: 'Done: 1 step(s).',
    tokens: '1976 39 0 0',
    tools: 'create_file ok',
  },
  'claude-badresume': {
    reason: 'No conversation found with session ID: 00000000-0000-4000-8000-000000000000',
    isThreadLost: true,
  },
  'claude-bash': {
    reason: null,
    thread: '79ce3fec-a4b1-4daa-9054-49f2d735a70c',
    text: 'Done: 1 step(s).',
    tokens: '1974 42 0 0',
    costUsd: 0.008736,
    models: 'claude-opus-5-5',
    tools: 'Bash ok',
  },
  'claude-denied': {
    reason:
      'claude may not use Write, Bash without an approval: allow it with "git config amp.agent.claude.approve true"',
    thread: 'ba1e1072-4976-4606-966c-b3e1684e2a69',
    text: 'Finished.',
    tokens: '3222 70 0 0',
    costUsd: 0.014288,
    models: 'claude-opus-5-5',
    tools: 'Write failed, Bash failed',
    waiting: 'approval',
  },
  'claude-http400': {
    reason: 'API Error: 400 Mock failure 400',
    thread: '1a38f1b8-fd5c-4bd5-aefa-a9c7bdaad5ff',
    tokens: '0 0 0 0',
  },
  'claude-http500': {
    reason:
      'API Error: 500 Mock failure 500. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (127.0.0.1:18080).',
    thread: '27474992-83bd-47c7-9067-b86c04a6754d',
    tokens: '0 0 0 0',
    isTransient: true,
  },
  'claude-multi': {
    reason: null,
    thread: '6a0bb639-227d-4be5-b684-ba7502399303',
    text: 'All three steps are done.',
    tokens: '6000 1700 40000 4500',
    costUsd: 0.0885,
    models: 'claude-opus-5-5',
    tools: 'Write ok, Bash ok, Read ok, Edit ok',
  },
  'claude-noauth': {
    reason: "claude wants a login: run 'claude' and type /login once, or set ANTHROPIC_API_KEY",
    thread: 'd1fe2ef6-71d0-4786-b7a4-5b07f9637c6c',
    tokens: '0 0 0 0',
    waiting: 'login',
  },
  'claude-nochange': {
    reason: null,
    thread: '20ccaaa5-c5e9-4dbf-a46c-f43ec9c925a7',
    text: 'Nothing to change here.',
    tokens: '909 15 0 0',
    costUsd: 0.003936,
    models: 'claude-opus-5-5',
  },
  'claude-resume-1': {
    reason: null,
    thread: 'a9f55476-7acd-4c9a-8928-9b2f6dd426f5',
    text: 'Done: 1 step(s).',
    tokens: '1964 40 0 0',
    costUsd: 0.008656,
    models: 'claude-opus-5-5',
    tools: 'Write ok',
  },
  'claude-resume-2': {
    reason: null,
    thread: 'a9f55476-7acd-4c9a-8928-9b2f6dd426f5',
    text: 'Second turn.',
    tokens: '1974 39 0 0',
    costUsd: 0.017332,
    models: 'claude-opus-5-5',
    tools: 'Write ok',
  },
  'claude-sigint': {
    reason: 'aborted streaming',
    thread: 'c15f54c5-959f-4cd4-8082-b68a0e54666b',
    tokens: '919 28 0 0',
    costUsd: 0.008532,
    models: 'claude-opus-5-5',
    tools: 'Write ok',
  },
  'claude-sigterm': {
    reason: 'exit code 143',
    thread: 'b472221c-6e36-4d5f-97db-2407cd6184b5',
    tokens: '919 1 0 0',
    models: 'claude-opus-5-5',
    tools: 'Write ok',
  },
  'claude-sigtermtool': {
    reason: 'exit code 143',
    thread: '351cd9e0-4f36-40df-8cc3-d3a4f65d54fc',
    tokens: '916 1 0 0',
    models: 'claude-opus-5-5',
    tools: 'Bash failed',
  },
  'claude-stdin': {
    reason: null,
    thread: '85fec15e-d876-44ab-8d1f-d0ad53034ab7',
    text: 'Done: 1 step(s).',
    tokens: '1980 41 0 0',
    costUsd: 0.00874,
    models: 'claude-opus-5-5',
    tools: 'Write ok',
  },
  'claude-unreachable': {
    reason: 'API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)',
    thread: '1176afe2-4ddd-49bf-9441-29e7d6b3d5be',
    tokens: '0 0 0 0',
    isTransient: true,
  },
  'claude-write': {
    reason: null,
    thread: '143bccd0-162e-4c9f-a5e1-20ddcbe343f5',
    text: 'Done: 1 step(s).',
    tokens: '1976 41 0 0',
    costUsd: 0.008724,
    models: 'claude-opus-5-5',
    tools: 'Write ok',
  },
  'codex-badresume': {
    reason:
      'thread/resume: thread/resume failed: no rollout found for thread id 00000000-0000-4000-8000-000000000000 (code -32600)',
    isThreadLost: true,
  },
  'codex-bash': {
    reason: null,
    thread: '01a203bb-1a93-7733-9b4f-4121bf339520',
    text: 'Done: 1 step(s).',
    tokens: '1974 33 0 0',
    tools: 'shell ok',
  },
  'codex-denied': {
    reason: 'codex may not write files without an approval: allow it with "git config amp.agent.codex.approve true"',
    thread: '01a203bb-615c-7621-995e-a9f0229d428f',
    text: 'Finished.',
    tokens: '3222 58 0 0',
    waiting: 'approval',
  },
  'codex-http400': { reason: 'Mock failure 400', thread: '01a203bb-9033-79f3-9d39-750af68319c1' },
  'codex-http500': {
    reason: 'We’re currently experiencing high demand, which may cause temporary errors.',
    thread: '01a203bb-7ca8-7d30-90f0-35ba0f6a69b2',
    isTransient: true,
  },
  'codex-multi': {
    reason: null,
    thread: '01a203bb-202f-7c90-948f-1532f4bda28c',
    text: 'All three steps are done.',
    tokens: '8400 1360 32000 0',
    tools: 'edit ok, shell ok, shell ok',
  },
  'codex-noauth': {
    reason: "codex wants a login: run 'codex login' once",
    thread: '01a203bb-6e18-7440-a251-7adbe4020584',
    waiting: 'login',
  },
  'codex-nochange': {
    reason: null,
    thread: '01a203bb-1d98-7582-8f63-827323c06707',
    text: 'Nothing to change here.',
    tokens: '909 15 0 0',
  },
  'codex-resume-1': {
    reason: null,
    thread: '01a203bb-4758-7352-b238-704f3d2337ae',
    text: 'Done: 1 step(s).',
    tokens: '1964 38 0 0',
    tools: 'edit ok',
  },
  'codex-resume-2': {
    reason: null,
    thread: '01a203bb-4758-7352-b238-704f3d2337ae',
    text: 'Second turn.',
    tokens: '3938 75 0 0',
    tools: 'edit ok',
  },
  'codex-sigint': {
    reason: 'exit code 1: Reading additional input from stdin...',
    thread: '01a203c8-0696-75e0-bbbd-f34d517c84c9',
    tools: 'edit ok',
  },
  'codex-sigterm': { reason: 'ended by SIGTERM', thread: '01a203c8-1180-7b20-84f7-18517a40e9bc', tools: 'edit ok' },
  'codex-sigtermtool': { reason: 'ended by SIGTERM', thread: '01a203dd-1662-7b63-8876-6ba7bbd9d13f', tools: 'shell ?' },
  'codex-stdin': {
    reason: null,
    thread: '01a203bb-6750-7740-99fa-f4e7d897e546',
    text: 'Done: 1 step(s).',
    tokens: '1980 39 0 0',
    tools: 'edit ok',
  },
  'codex-unreachable': {
    reason: 'Reconnecting... waiting for network (Connection failed: error sending request)',
    thread: '01a203bb-a55c-7bf3-a793-a610109b2e8c',
    isTransient: true,
  },
  'codex-write': {
    reason: null,
    thread: '01a203bb-17a4-74f1-85e1-d8034f85bd84',
    text: 'Done: 1 step(s).',
    tokens: '1976 40 0 0',
    tools: 'edit ok',
  },
  'gemini-badresume': {
    reason: 'Error resuming session: No previous sessions found for this project.',
    isThreadLost: true,
  },
  'gemini-bash': {
    reason: null,
    thread: 'b33c7bcf-57e3-49a7-a866-2603c46fdfe8',
    text: 'Done: 1 step(s).',
    tokens: '1974 42 0 0',
    models: 'gemini-2.5-pro',
    tools: 'run_shell_command ok',
  },
  'gemini-denied': {
    reason: null,
    thread: '8b510690-87b6-41b0-bef3-b3f1a1e5f839',
    text: 'Finished.',
    tokens: '3252 45 0 0',
    models: 'gemini-2.5-pro',
    tools: 'write_file failed, run_shell_command failed',
  },
  'gemini-http400': {
    reason: 'HTTP 400: Mock failure 400',
    thread: 'e17ffd4b-d2ec-48ec-8527-b86f2b769d24',
    tokens: '0 0 0 0',
  },
  'gemini-http500': {
    reason: 'HTTP 500: Mock failure 500',
    thread: 'bb61a935-d23b-4969-a297-72961834cd8f',
    tokens: '0 0 0 0',
    isTransient: true,
  },
  'gemini-multi': {
    reason: null,
    thread: '627aff35-54f8-4244-9eac-4aae45ee1650',
    text: 'All three steps are done.',
    tokens: '8400 1360 32000 0',
    models: 'gemini-2.5-pro',
    tools: 'write_file ok, run_shell_command ok, replace ok',
  },
  'gemini-noauth': {
    reason: "gemini wants a login: run 'gemini' once and log in, or set GEMINI_API_KEY",
    waiting: 'login',
  },
  'gemini-nochange': {
    reason: null,
    thread: '0c2df17a-b681-4500-9a41-0fc9dfff7030',
    text: 'Nothing to change here.',
    tokens: '909 15 0 0',
    models: 'gemini-2.5-pro',
  },
  'gemini-resume-1': {
    reason: null,
    thread: '8ee87cf9-add7-4c94-bfa6-7320df2a1d3f',
    text: 'Done: 1 step(s).',
    tokens: '1964 32 0 0',
    models: 'gemini-2.5-pro',
    tools: 'write_file ok',
  },
  'gemini-resume-2': {
    reason: null,
    thread: '8ee87cf9-add7-4c94-bfa6-7320df2a1d3f',
    text: 'Second turn.',
    tokens: '1974 31 0 0',
    models: 'gemini-2.5-pro',
    tools: 'write_file ok',
  },
  'gemini-sigint': {
    reason: 'ended by SIGKILL',
    thread: '553bb4ed-e1e4-4e84-9519-7b6b37a12972',
    tools: 'write_file ok',
  },
  'gemini-sigterm': {
    reason: 'ended by SIGKILL',
    thread: 'aa8b2338-1953-4260-815f-6cbee1c4e75c',
    tools: 'write_file ok',
  },
  'gemini-sigtermtool': {
    reason: null,
    thread: 'b798bf20-c175-4193-9512-17af2d0049d8',
    text: 'Done: 1 step(s).',
    tokens: '1982 46 0 0',
    models: 'gemini-2.5-pro',
    tools: 'run_shell_command ok',
  },
  'gemini-stdin': {
    reason: null,
    thread: '1f72e0c9-cc92-4519-9478-458a7700766b',
    text: 'Done: 1 step(s).',
    tokens: '1980 34 0 0',
    models: 'gemini-2.5-pro',
    tools: 'write_file ok',
  },
  'gemini-unreachable': {
    reason: 'exception TypeError: fetch failed sending request',
    thread: '5cb9e8fe-fc01-4933-a5ba-ced2b9a00f43',
    tokens: '0 0 0 0',
    isTransient: true,
  },
  'gemini-write': {
    reason: null,
    thread: 'b08d0f39-aaee-4ef9-9e50-d7ec38e1f553',
    text: 'Done: 1 step(s).',
    tokens: '1976 34 0 0',
    models: 'gemini-2.5-pro',
    tools: 'write_file ok',
  },
  'opencode-badresume': { reason: 'Session not found', isThreadLost: true },
  'opencode-bash': {
    reason: null,
    thread: 'ses_dfc335e2fffegemvxV12C1dJJ5',
    text: 'Done: 1 step(s).',
    tokens: '1974 34 0 0',
    costUsd: 0.006432,
    tools: 'bash ok',
  },
  'opencode-denied': {
    reason:
      "opencode was not allowed to go on (bash (mkdir -p '.', printf %s 'not allowed ')): allow it in opencode.json, or set amp.agent.opencode.approve",
    thread: 'ses_dfc2d711fffeLTe07iYxn9sZcf',
    tokens: '924 26 0 0',
    costUsd: 0.003162,
    tools: 'bash failed',
    waiting: 'approval',
  },
  'opencode-http400': { reason: 'Mock failure 400', thread: 'ses_dfc2ff836ffeWPi765kcQzzDox' },
  'opencode-http500': { reason: 'Mock failure 500', thread: 'ses_dfc330bf0ffeJM2TXrPlr6CrS7', isTransient: true },
  'opencode-multi': {
    reason: null,
    thread: 'ses_dfc333505ffezdhm691oSkBm46',
    text: 'All three steps are done.',
    tokens: '4800 1360 32000 3600',
    costUsd: 0.0579,
    tools: 'write ok, bash ok, edit ok',
  },
  'opencode-nochange': {
    reason: null,
    thread: 'ses_dfc3348afffeF9XDM2tpWB0Rr0',
    text: 'Nothing to change here.',
    tokens: '909 15 0 0',
    costUsd: 0.002952,
  },
  'opencode-resume-1': {
    reason: null,
    thread: 'ses_dfc2df1f0ffeBjGiAFNBmTLH1Q',
    text: 'Done: 1 step(s).',
    tokens: '1964 40 0 0',
    costUsd: 0.006492,
    tools: 'write ok',
  },
  'opencode-resume-2': {
    reason: null,
    thread: 'ses_dfc2df1f0ffeBjGiAFNBmTLH1Q',
    text: 'Second turn.',
    tokens: '1974 39 0 0',
    costUsd: 0.006507,
    tools: 'write ok',
  },
  'opencode-sigint': {
    reason: 'ended by SIGINT',
    thread: 'ses_dfc2e92abffe2Xdw7HSzKG6Dgb',
    tokens: '919 28 0 0',
    costUsd: 0.003177,
    tools: 'write ok',
  },
  'opencode-sigterm': {
    reason: 'ended by SIGTERM',
    thread: 'ses_dfc2e76b4ffeMNwuYC93KT9Fd8',
    tokens: '919 28 0 0',
    costUsd: 0.003177,
    tools: 'write ok',
  },
  'opencode-sigtermtool': { reason: 'ended by SIGTERM', thread: 'ses_dfc220d0dffeNwUlQQ98I16Orm' },
  'opencode-stdin': {
    reason: null,
    thread: 'ses_dfc2d54d2ffeatHTit5vJfIsoO',
    text: 'Done: 1 step(s).',
    tokens: '1980 41 0 0',
    costUsd: 0.006555,
    tools: 'write ok',
  },
  'opencode-unreachable': {
    reason: 'Cannot connect to API: Unable to connect. Is the computer able to access the url?',
    thread: 'ses_dfc2d391cffeT9yVMnOJmg36dz',
    isTransient: true,
  },
  'opencode-write': {
    reason: null,
    thread: 'ses_dfc337092ffePWV6LbzVBR0ypN',
    text: 'Done: 1 step(s).',
    tokens: '1976 42 0 0',
    costUsd: 0.006558,
    tools: 'write ok',
  },
}

const adapterOf = (name: string) => {
  const adapter = findAdapter(name.split('-')[0] ?? '')
  if (adapter === null) throw new Error(`no adapter for ${name}`)
  return adapter
}

async function meaningOf(name: string, adapter = adapterOf(name)): Promise<Meaning> {
  const { bytes, meta } = recorded(name)
  const { events, run } = await replay(adapter, bytes, meta)
  const results = events.filter((event) => event.type === 'tool-result')
  const ended = (id: string) => results.find((result) => result.id === id)
  const word = (failed: boolean | undefined) => (failed === undefined ? '?' : failed ? 'failed' : 'ok')
  const tools = events
    .filter((event) => event.type === 'tool')
    .map(({ id, name }) => `${name} ${word(ended(id)?.failed)}`)
  expect(run.toolCalls).toBe(tools.length)
  expect(run.ok).toBe(run.reason === null)
  return {
    reason: run.reason,
    ...(run.thread === null ? {} : { thread: run.thread }),
    ...(run.text === null ? {} : { text: run.text }),
    ...(run.usage === null ? {} : { tokens: Object.values(run.usage).join(' ') }),
    ...(run.costUsd === null || run.costUsd === 0 ? {} : { costUsd: run.costUsd }),
    ...(run.models.length === 0 ? {} : { models: run.models.map(({ model }) => model).join() }),
    ...(tools.length === 0 ? {} : { tools: tools.join(', ') }),
    ...(run.waiting === null ? {} : { waiting: run.waiting }),
    ...(run.isThreadLost ? { isThreadLost: true } : {}),
    ...(run.isTransient ? { isTransient: true } : {}),
  }
}

it('every recording has its meaning, and every agent its recordings', () => {
  expect(recordings()).toEqual(Object.keys(meanings).sort())
  const agents = new Set(recordings().map((name) => adapterOf(name).name))
  expect(agentNames().filter((name) => !agents.has(name))).toEqual(['shell'])
})

describe('recorded runs', () => {
  it.each(Object.entries(meanings))('%s', async (name, meaning) => {
    expect(await meaningOf(name)).toEqual(meaning)
  })
})

describe('read as the stream of an agent that nobody knows', () => {
  const custom = { ...adapterOf('shell'), reader: () => new AnyReader({ name: 'any', isCustom: true }) }
  const spoken = Object.entries(meanings).filter(([name]) => recorded(name).bytes.toString().startsWith('{'))
  it.each(spoken)('%s', async (name, meaning) => {
    // Whom it waits for is the same; what its user does about it is not git-amp's to say.
    const reason = meaning.waiting === undefined ? meaning.reason : expect.not.stringContaining('git config')
    expect(await meaningOf(name, custom)).toEqual({ ...meaning, reason })
  })
})

describe('the second run of a thread', () => {
  const second = async (agent: string) => {
    const adapter = adapterOf(agent)
    const [one, two] = [recorded(`${agent}-resume-1`), recorded(`${agent}-resume-2`)]
    const first = await replay(adapter, one.bytes, one.meta)
    const before = { id: first.run.thread ?? '', total: first.run.threadTotal ?? undefined }
    return (await replay(adapter, two.bytes, { ...two.meta, before })).run
  }

  it('Codex tells totals of the thread: they are subtracted', async () => {
    expect((await second('codex')).usage).toEqual({ input: 1974, output: 37, cacheRead: 0, cacheWrite: 0 })
  })

  it('Claude tells the usage of the run, and totals of cost and models', async () => {
    const usage = { input: 1974, output: 39, cacheRead: 0, cacheWrite: 0 }
    const { costUsd, ...run } = await second('claude')
    expect({ costUsd, usage: run.usage, models: run.models }).toEqual({
      costUsd: 0.008676,
      usage,
      models: [{ model: 'claude-opus-5-5', costUsd: 0.008676, ...usage }],
    })
  })

  it('Gemini and opencode count each run by itself', async () => {
    expect((await second('gemini')).usage).toEqual({ input: 1974, output: 31, cacheRead: 0, cacheWrite: 0 })
    expect(await second('opencode')).toMatchObject({ usage: { input: 1974, output: 39 }, costUsd: 0.006507 })
  })
})

describe('details', () => {
  const eventsOf = async (name: string) =>
    (await replay(adapterOf(name), recorded(name).bytes, recorded(name).meta)).events

  it('a shell command that fails inside a good tool result has failed', async () => {
    const results = (await eventsOf('amp-denied')).filter((event) => event.type === 'tool-result')
    expect(results[1]?.output).toMatch(/^fatal: 'origin' does not appear/)
  })

  it('does not repeat the token of the login URL', async () => {
    expect(JSON.stringify(await eventsOf('amp-noauth'))).not.toContain('authToken')
  })

  it('says how long a tool took, when the agent says so', async () => {
    const results = (await eventsOf('opencode-bash')).filter((event) => event.type === 'tool-result')
    expect(results).toEqual([expect.objectContaining({ output: 'from-bash\n', durationMs: 125 })])
  })

  it('passes thinking on', async () => {
    for (const name of ['claude-multi', 'codex-multi'])
      expect(await eventsOf(name)).toContainEqual({ type: 'thinking', text: 'Planning the change.' })
  })

  it('cut anywhere, a stream has no good end', async () => {
    for (const name of ['amp-multi', 'claude-multi', 'codex-multi', 'gemini-multi', 'opencode-multi']) {
      const { bytes } = recorded(name)
      for (const length of [1, 500, bytes.length - 40, bytes.length - 3])
        expect((await replay(adapterOf(name), bytes.subarray(0, length))).run.ok, `${name} ${length}`).toBe(false)
    }
  })
})
