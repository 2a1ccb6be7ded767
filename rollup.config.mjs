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
  },
  plugins: [
    { name: 'clean', buildStart: async () => (await import('node:fs/promises')).rm('dist', { recursive: true, force: true }) },
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
