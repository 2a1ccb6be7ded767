import { fatal, no } from '../errors.js'
import type { Repo } from '../repo.js'
import type { AmpContext } from './context.js'

/**
 * Lets the user write a text in the editor git would use.
 * @param template the text to begin with; `help` stands below it as comments
 * @returns the text without comments
 * @throws AmpError when there is no editor, it fails, or nothing is left
 */
export async function editText(
  repo: Repo,
  context: AmpContext,
  what: { template: string; help: string; name: string },
): Promise<string> {
  const place = repo.location.topLevel ?? repo.location.gitDir
  const git = repo.in(place)
  const editor = await git.text(['var', 'GIT_EDITOR'], { ok: [0, 1, 128] })
  if (editor === '')
    throw fatal('there is no editor to write in', 'Set EDITOR or core.editor, or use -m <text> or -F <file>.')
  const file = await git.text(['rev-parse', '--path-format=absolute', '--git-path', 'AMP_EDITMSG'])
  const comments = await git.text(['stripspace', '--comment-lines'], { input: what.help })
  await context.host.fs.writeFile(file, `${what.template.trimEnd()}\n\n${comments}\n`)
  context.ui.hint('Waiting for your editor to close the file...', 'waitingForEditor')
  const { spawn } = await import('node:child_process')
  const code = await new Promise<number | null>((resolve, reject) => {
    const env = repo.childEnv as NodeJS.ProcessEnv
    const child = spawn('sh', ['-c', `${editor} "$@"`, editor, file], { cwd: place, env, stdio: 'inherit' })
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw fatal('there was a problem with the editor', 'Use -m <text> or -F <file> instead.')
  const text = await git.text(['stripspace', '--strip-comments'], {
    input: await context.host.fs.readFile(file, 'utf8'),
  })
  if (text.trim() === '') throw no(`nothing was done: the ${what.name} is empty`)
  return text
}
