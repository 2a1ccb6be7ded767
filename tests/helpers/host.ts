import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import type { Host } from '../../src/host.js'
import { isFreePort, realProcesses, watchFolder } from '../../src/processes.js'

/** A host with real implementations and an empty environment plus PATH; tests hand over what differs. */
export function testHost(overrides: Partial<Host> = {}): Host {
  return {
    cwd: os.tmpdir(),
    env: { PATH: process.env.PATH },
    fs: fs as unknown as Host['fs'],
    hostname: 'test-host',
    tmpdir: os.tmpdir(),
    processes: realProcesses(),
    watch: watchFolder,
    bootId: async () => 'test-boot',
    bootedAt: () => 0,
    now: () => new Date(),
    random: readableRandom,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    isFreePort,
    ...overrides,
  }
}

/** Random bytes whose ids hold a digit and a letter that no object id has, so that `plain` can tell them from words and object ids. */
function readableRandom(n: number): Uint8Array {
  const bytes = randomBytes(n)
  if (n >= 8) bytes.set([19, 7], 5) // "k7" in the alphabet of ids
  return bytes
}
