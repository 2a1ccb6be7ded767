import type { Repo } from '../repo.js'
import type { Ui } from './ui.js'

/** Short lines as `column.amp`, else `column.ui`, wants them: one below the other, or laid out by `git column` where the answer is read on a terminal. */
export async function inColumns(repo: Repo, ui: Ui, lines: readonly string[]): Promise<string> {
  const text = lines.map((line) => `${line}\n`).join('')
  const config = await repo.config()
  const words = (config.get('column.amp') ?? config.get('column.ui') ?? 'never').split(/[\s,]+/).filter(Boolean)
  const isAsked = !words.includes('never') && (ui.width !== null || !words.includes('auto'))
  if (!isAsked) return text
  // What "auto" asks is answered here: the answer of this git goes to us.
  const mode = words.map((word) => (word === 'auto' ? 'always' : word)).join(',')
  const args = ['column', `--mode=${mode}`, `--width=${ui.width ?? 80}`, '--padding=2']
  const { code, stdout } = await repo.git.run(args, { input: text, ok: [0, 129] }) // 129: git knows no such layout
  return code === 0 ? stdout : text
}
