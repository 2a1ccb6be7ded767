import { resolve } from 'node:path'
import { fatal, usage } from '../errors.js'
import type { Repo } from '../repo.js'
import { systemWords } from '../util/system.js'
import type { AmpContext } from './context.js'
import { editText } from './editor.js'

/** Where a prompt or message can come from. */
export interface TextSources {
  /** `-m`, each a paragraph. */
  paragraphs: readonly string[] | undefined
  /** `-F`; `-` is stdin. */
  file: string | undefined
  edit: boolean
  /** What it is called in messages: `prompt`, `message`. */
  name: string
  /** Begin the editor with this text. */
  template?: string
  help: string
}

/**
 * The text a user gives with `-m`, `-F` or `-e`.
 * @returns null when none of them is given
 */
export async function givenText(repo: Repo, context: AmpContext, sources: TextSources): Promise<string | null> {
  const { paragraphs, file, edit, name } = sources
  if (paragraphs !== undefined && file !== undefined) throw usage(`-m and -F both give the ${name}`, 'Use one of them.')
  const text =
    paragraphs !== undefined ? paragraphs.join('\n\n') : file === undefined ? null : await readText(context, file)
  if (!edit) return text
  const template = text ?? sources.template ?? ''
  return editText(repo, context, { template, help: sources.help, name })
}

/** Whether somebody is there to write in an editor. */
export const canEdit = (context: AmpContext): boolean => context.stdin.isTTY === true && context.ui.isTerminal

async function readText(context: AmpContext, file: string): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = []
    for await (const chunk of context.stdin) chunks.push(Buffer.from(chunk as Uint8Array))
    return Buffer.concat(chunks).toString('utf8')
  }
  try {
    return await context.host.fs.readFile(resolve(context.host.cwd, file), 'utf8')
  } catch (error) {
    throw fatal(`cannot read '${file}': ${systemWords(error)}`)
  }
}
