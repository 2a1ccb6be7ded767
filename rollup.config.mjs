import { readFileSync } from 'node:fs'
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import resolve from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

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
    // `import()` in CommonJS starts node's other module loader: 4 ms.
    dynamicImportInCjs: false,
    // A file costs half a millisecond to find, and its size to compile: what `git amp` alone needs is one chunk, the rest of the actions another.
    manualChunks: (id) => {
      if (/node_modules\/(clipanion|typanion)\//.test(id)) return 'amp'
      const path = /\/src\/(.*)\.ts$/.exec(id)?.[1]
      if (path === undefined || path === 'bin' || path === 'actions/demo' || path.startsWith('commands/'))
        return undefined
      if (/^render\/(man|bash|zsh|fish|help|overview|prose|completion|synopsis|wrap)$/.test(path)) return undefined
      const isSmall =
        /^(cli\/(text|editor|news)|render\/log|git\/(commit|diff|history|hooks|merge|pack|stage|status))$/.test(path)
      if (path.startsWith('agent/') || isSmall || /^util\/(message|redact|slug|ndjson)$/.test(path)) return 'work'
      if (/^state\/(notes|oplog)$/.test(path)) return 'work'
      const isListing = /^actions\/(list|shared\/(sessions|lease|session-file))$/.test(path)
      return path.startsWith('actions/') && !isListing ? 'work' : 'amp'
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
