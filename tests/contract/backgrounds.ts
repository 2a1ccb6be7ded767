import fs, { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { openRepo } from '../../src/repo.js'
import type { Stores } from '../../src/state/chain.js'
import type { FilePromises } from '../../src/state/file-refs.js'
import { openIsomorphic } from '../../src/state/isomorphic.js'
import type { Oid } from '../../src/state/storage.js'
import { testHost } from '../helpers/host.js'
import { memoryRepository } from '../helpers/memory.js'
import { Repository, stamp } from '../helpers/repository.js'

/** A storage on an empty repository. */
export interface Background {
  stores: Stores
  hash: 'sha1' | 'sha256'
  /** Null in memory. */
  git: ((...args: string[]) => string) | null
  /** Feeds a stream to `git fast-import`. */
  import(stream: string): void
  /** What was written is in the repository at the latest when refs were updated. */
  flush(): Promise<void>
  /** Packs refs and objects where the background is about that; elsewhere nothing. */
  pack(): void
  /** Writes a file of the git directory behind the storage's back. */
  plant(name: string, text: string): void
  unplant(name: string): void
  close(): void
}

interface Kind {
  name: string
  open(): Promise<Background>
}

const onDisk = (repository: Repository, isPacked = false): Omit<Background, 'stores' | 'close' | 'flush'> => {
  const gitDir = repository.gitDir()
  return {
    hash: repository.git('rev-parse', '--show-object-format') as Background['hash'],
    git: (...args) => repository.git(...args),
    import: (input) => repository.feed(input, 'fast-import', '--quiet'),
    pack: () => {
      if (!isPacked) return
      repository.git('pack-refs', '--all')
      repository.git('repack', '-adkq')
      repository.git('prune-packed', '-q')
    },
    plant: (name, text) => {
      mkdirSync(dirname(join(gitDir, name)), { recursive: true })
      writeFileSync(join(gitDir, name), text)
    },
    unplant: (name) => rmSync(join(gitDir, name)),
  }
}

async function throughGit(repository: Repository, how: { cwd?: string; packed?: boolean } = {}): Promise<Background> {
  const repo = await openRepo(testHost({ cwd: how.cwd ?? repository.dir, env: repository.env }))
  const close = () => {
    repo.close()
    repository.remove()
  }
  return { ...onDisk(repository, how.packed), stores: repo, flush: () => repo.refs.update([], 'test'), close }
}

function throughFiles(repository: Repository, packed = false): Background {
  const stores = openIsomorphic({ fs: fs as unknown as { promises: FilePromises }, gitdir: repository.gitDir() })
  return { ...onDisk(repository, packed), stores, flush: async () => {}, close: () => repository.remove() }
}

const kinds: readonly Kind[] = [
  {
    name: 'isomorphic on memfs',
    open: async () => {
      const { stores, volume, gitdir } = memoryRepository()
      return {
        stores,
        hash: 'sha1',
        git: null,
        import: () => expect.fail('there is no git in memory'),
        flush: async () => {},
        pack: () => {},
        plant: (name, text) => {
          volume.mkdirSync(dirname(`${gitdir}/${name}`), { recursive: true })
          volume.writeFileSync(`${gitdir}/${name}`, text)
        },
        unplant: (name) => volume.unlinkSync(`${gitdir}/${name}`),
        close: () => {},
      }
    },
  },
  { name: 'isomorphic on a repository', open: async () => throughFiles(new Repository()) },
  { name: 'isomorphic on a packed repository', open: async () => throughFiles(new Repository(), true) },
  { name: 'git', open: () => throughGit(new Repository()) },
  {
    name: 'git in a linked worktree',
    open: () => {
      const repository = new Repository()
      const linked = join(repository.root, 'linked')
      repository.git('commit', '-q', '--allow-empty', '-m', 'Begin')
      repository.git('worktree', 'add', '-q', '--detach', linked)
      return throughGit(repository, { cwd: linked })
    },
  },
  { name: 'git, packed', open: () => throughGit(new Repository(), { packed: true }) },
  { name: 'git in a bare repository', open: () => throughGit(new Repository('--bare')) },
  { name: 'git with sha256', open: () => throughGit(new Repository('--object-format=sha256')) },
]

/** Every background, each with the name of the storage and the repository. */
export const backgrounds = kinds

/** A commit that stands for the project's code. */
export async function codeCommit(stores: Stores, text: string, parents: readonly Oid[] = []): Promise<Oid> {
  const blob = await stores.objects.writeBlob(`${text}\n`)
  const tree = await stores.objects.writeTree([{ mode: '100644', name: 'file.txt', oid: blob }])
  return stores.objects.writeCommit({ tree, parents, author: stamp, committer: stamp, message: `${text}\n` })
}

/** Where git and the other storages agree: nothing is damaged, nothing is odd. */
export const expectSound = async (background: Background): Promise<void> => {
  await background.flush()
  background.git?.('fsck', '--strict', '--no-dangling', '--no-progress')
}
