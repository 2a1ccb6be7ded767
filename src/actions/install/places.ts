import { delimiter, isAbsolute, join } from 'node:path'
import { locate } from '../../agent/registry.js'
import { fatal } from '../../errors.js'
import type { Host } from '../../host.js'

export type Shell = 'bash' | 'zsh' | 'fish'

/** The folders of a user, as the XDG base directory specification names them, and the files that shells read at their start. */
export interface Places {
  home: string
  data: string
  config: string
  /** Where bash-completion looks for completions of the user. */
  bashCompletion: string
  man: string
  bashrc: string
  zshrc: string
}

type Machine = Pick<Host, 'env' | 'fs'>

/** @throws AmpError when nobody's home is known */
export function placesOf({ env }: Pick<Host, 'env'>): Places {
  const home = env.HOME
  if (home === undefined || !isAbsolute(home))
    throw fatal('HOME is not set, and that is where files would go', 'Set it, or copy them by hand.')
  // A relative path is to be ignored, the specification says.
  const folder = (value: string | undefined, usual: string) =>
    value !== undefined && isAbsolute(value) ? value : join(home, usual)
  const data = folder(env.XDG_DATA_HOME, '.local/share')
  const own = env.BASH_COMPLETION_USER_DIR?.split(':').find(isAbsolute)
  return {
    home,
    data,
    config: folder(env.XDG_CONFIG_HOME, '.config'),
    bashCompletion: join(own ?? join(data, 'bash-completion'), 'completions'),
    man: join(data, 'man/man1'),
    bashrc: join(home, '.bashrc'),
    zshrc: join(folder(env.ZDOTDIR, ''), '.zshrc'),
  }
}

/** The shells that are installed here. */
export async function shellsOf({ env, fs }: Machine): Promise<Shell[]> {
  const all: readonly Shell[] = ['bash', 'zsh', 'fish']
  const paths = await Promise.all(all.map((shell) => locate(shell, env, fs)))
  return all.filter((_, at) => paths[at] !== null)
}

/** Whether the package that has bash load completions is where systems put it. */
export async function hasBashCompletion({ env, fs }: Machine): Promise<boolean> {
  const near = (env.PATH ?? '').split(delimiter).filter(isAbsolute)
  const files = [
    '/usr/share/bash-completion/bash_completion',
    '/etc/bash_completion',
    ...near.flatMap((bin) => [
      join(bin, '../share/bash-completion/bash_completion'),
      join(bin, '../etc/profile.d/bash_completion.sh'),
    ]),
  ]
  return (await Promise.all(files.map((file) => isThere(fs, file)))).includes(true)
}

/** The folders in which `man` finds pages because a program's folder is on PATH, or MANPATH names them. */
export function manFolders({ env }: Pick<Host, 'env'>): string[] {
  const paths = env.MANPATH === undefined ? [''] : env.MANPATH.split(':')
  const usual = (env.PATH ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .flatMap((bin) => ['../man', 'man', '../share/man', 'share/man'].map((folder) => join(bin, folder)))
  // An empty part stands for what there is without it.
  return paths.flatMap((path) => (path === '' ? usual : [path])).map((folder) => join(folder, 'man1'))
}

export const isThere = (fs: Host['fs'], path: string): Promise<boolean> =>
  fs.access(path).then(
    () => true,
    () => false,
  )
