import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import resolve from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

let needed = null

/** Whether a module is loaded, without being asked for by `import()`, when the program starts and lists sessions. */
function isNeededByList(id, getModuleInfo) {
  if (needed === null) {
    const starts = ['main', 'cli/ui', 'cli/interrupt', 'processes', 'cli/describe']
    const list = getModuleInfo(source('commands/list')).importedIds
    const open = [...starts.map(source), ...list]
    needed = new Set(open)
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const one of getModuleInfo(next)?.importedIds ?? []) {
        if (needed.has(one)) continue
        needed.add(one)
        open.push(one)
      }
    }
  }
  return needed.has(id)
}

const source = (path) => fileURLToPath(new URL(`src/${path}.ts`, import.meta.url))

/** One entry; every command and every heavy library is a chunk of its own, loaded when it is called. */
export default {
  input: 'src/bin.ts',
  output: {
    dir: 'dist',
    format: 'cjs',
    entryFileNames: 'git-amp.cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
    interop: 'auto',
    hoistTransitiveImports: false,
    // `import()` in CommonJS starts node's other module loader: 4 ms.
    dynamicImportInCjs: false,
    // A file costs half a millisecond to find, and its size to compile: what `git amp` alone needs is one chunk, the rest of the actions another.
    manualChunks: (id, { getModuleInfo }) => {
      if (!id.startsWith('\0') && isNeededByList(id, getModuleInfo)) return 'amp'
      const path = /\/src\/(.*)\.ts$/.exec(id)?.[1]
      if (path === undefined || path === 'bin' || path === 'actions/demo' || path.startsWith('commands/'))
        return undefined
      const isDocument = /^render\/(man|bash|zsh|fish|help|overview|prose|completion|synopsis|wrap)$/.test(path)
      return isDocument || path === 'cli/live' ? undefined : 'work'
    },
  },
  plugins: [
    {
      name: 'clean',
      buildStart: async () => (await import('node:fs/promises')).rm('dist', { recursive: true, force: true }),
    },
    resolve({ exportConditions: ['node'], preferBuiltins: true }),
    commonjs(),
    json(),
    esbuild({ target: 'node20', minify: true, define: { __VERSION__: JSON.stringify(version) } }),
    {
      name: 'executable',
      writeBundle: async () => (await import('node:fs/promises')).chmod('dist/git-amp.cjs', 0o755),
    },
  ],
  external: [/^node:/],
}
