import type { Scene } from './scene.js'

/** Puts an `amp` on PATH that adds a line to a file and reports these tokens, without models and cost. */
export function reportingAmp(s: Scene, usage: { input: number; output: number; cacheRead?: number }): void {
  const figures = {
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_input_tokens: usage.cacheRead ?? 0,
    cache_creation_input_tokens: 0,
  }
  const thread = 'T-00000000-0000-4000-8000-000000000000'
  const lines = [
    { type: 'system', subtype: 'init', session_id: thread, cwd: '/', tools: [] },
    {
      type: 'assistant',
      session_id: thread,
      message: {
        role: 'assistant',
        content: [{ type: 'text', text: 'Done.' }],
        stop_reason: 'end_turn',
        usage: figures,
      },
    },
    { type: 'result', subtype: 'success', is_error: false, result: 'Done.', session_id: thread },
  ]
  const print = lines.map((line) => `echo '${JSON.stringify(line)}'`).join('\n')
  s.program('amp', `[ "$1" = --help ] && exit\ncat >/dev/null\necho line >>a.txt\n${print}`)
}

/** Prices of a model in the repository's configuration, in US dollars per million tokens. */
export function setPrices(s: Scene, model: string, prices: Record<string, string>): void {
  for (const [key, value] of Object.entries(prices)) s.git('config', `amp.price.${model}.${key}`, value)
}
