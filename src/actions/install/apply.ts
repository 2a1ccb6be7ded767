import { dirname } from 'node:path'
import type { Host } from '../../host.js'
import { missingBlock, withoutBlock } from './block.js'
import { type HomeChange, type Machine, readExactly } from './home.js'
import { placesOf } from './places.js'

/** Makes the changes of a plan, all of them or those that the user took. */
export async function applyHome(host: Machine & Pick<Host, 'random'>, changes: readonly HomeChange[]): Promise<void> {
  for (const change of changes) {
    const { kind, does, path, text } = change
    if (kind === 'block') await applyBlock(host, change)
    else if (does === 'remove') {
      await host.fs.rm(path, { force: true })
      await tidy(host, dirname(path))
    } else {
      await host.fs.mkdir(dirname(path), { recursive: true })
      await replaceFile(host, path, Buffer.from(text))
    }
  }
}

async function applyBlock(host: Machine & Pick<Host, 'random'>, change: HomeChange): Promise<void> {
  const { part, does, path } = change
  const text = await readExactly(host, path)
  const without = text === null || does === 'add' ? text : withoutBlock(text, part, path)
  const added =
    does === 'remove' ? '' : missingBlock(without, { name: part, lines: change.text.split('\n').slice(1, -1) })
  // Bytes that are no UTF-8 stay what they are.
  if (without === text) {
    await host.fs.mkdir(dirname(path), { recursive: true })
    await host.fs.appendFile(path, Buffer.from(added, 'latin1'))
  } else if (without === null && added === '') await host.fs.rm(path, { force: true })
  else await replaceFile(host, await host.fs.realpath(path), Buffer.from(`${without ?? ''}${added}`, 'latin1'))
}

/** Whoever reads the file meanwhile finds the old one or the new one, whole. */
async function replaceFile({ fs, random }: Machine & Pick<Host, 'random'>, path: string, bytes: Buffer) {
  const mode = await fs.stat(path).then(
    (stat) => stat.mode & 0o777,
    () => 0o644,
  )
  const fresh = `${path}.${Buffer.from(random(4)).toString('hex')}`
  await fs.writeFile(fresh, bytes, { mode, flag: 'wx' })
  await fs.rename(fresh, path)
}

/** Takes away folders that nothing is left in. */
async function tidy(host: Machine, folder: string): Promise<void> {
  const { home, data, config } = placesOf(host)
  const ends = [home, ...[data, config].filter((dir) => !dir.startsWith(`${home}/`))]
  for (let dir = folder; dir !== dirname(dir) && !ends.includes(dir); dir = dirname(dir)) {
    try {
      await host.fs.rmdir(dir)
    } catch {
      return
    }
  }
}
