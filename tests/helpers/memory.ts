import { createFsFromVolume, Volume } from 'memfs'
import type { FilePromises } from '../../src/state/file-refs.js'
import { openIsomorphic } from '../../src/state/isomorphic.js'

/** An empty bare repository in memory, with the storage that reads and writes it. */
export function memoryRepository(config = '[core]\n\trepositoryformatversion = 0\n') {
  const gitdir = '/repo.git'
  const volume = Volume.fromJSON({ HEAD: 'ref: refs/heads/main\n', config }, gitdir)
  for (const dir of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']) {
    volume.mkdirSync(`${gitdir}/${dir}`, { recursive: true })
  }
  const fs = createFsFromVolume(volume) as unknown as { promises: FilePromises }
  return { fs, gitdir, volume, stores: openIsomorphic({ fs, gitdir }) }
}
