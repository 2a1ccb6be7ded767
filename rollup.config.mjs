import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import resolve from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'
import { compiledCode } from './rollup.code.mjs'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** All that these modules load, without being asked for by `import()`. */
function closure(starts, getModuleInfo) {
  const needed = new Set(starts)
  // A set grows while it is walked.
  for (const next of needed) for (const one of getModuleInfo(next)?.importedIds ?? []) needed.add(one)
  return needed
}

let known = null

/**
 * What starts the program and asks git about the repository, what is loaded while git answers to list sessions, and what begins a session and
 * iterates it.
 */
function stages(getModuleInfo) {
  known ??= {
    start: closure(['main', 'cli/ui', 'cli/interrupt', 'processes'].map(source), getModuleInfo),
    amp: closure(['commands/list', 'cli/describe'].map(source), getModuleInfo),
    work: closure(
      ['commands/new', 'commands/iterate', 'git/pack', 'git/loose', 'util/redact'].map(source),
      getModuleInfo,
    ),
  }
  return known
}

const source = (path) => fileURLToPath(new URL(`src/${path}.ts`, import.meta.url))

/** One entry; every command and every heavy library is a chunk of its own, loaded when it is called. */
const program = {
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
    // A file costs half a millisecond to find, and its size to compile: what asks git is one chunk, what `git amp` alone needs beside it the next,
    // what an agent is run with another, and the rest of the actions the last.
    manualChunks: (id, { getModuleInfo }) => {
      const { start, amp, work } = stages(getModuleInfo)
      if (start.has(id)) return 'start'
      if (amp.has(id) && id !== source('commands/list')) return 'amp'
      const path = /\/src\/(.*)\.ts$/.exec(id)?.[1]
      if (path === undefined || path === 'bin' || path === 'actions/demo' || path.startsWith('commands/'))
        return undefined
      if (path === 'cli/live') return 'live'
      if (work.has(id)) return 'work'
      // Batches bring a parser of plans along.
      if (/^(actions|render|cli)\/batch/.test(path)) return 'batch'
      const isDocument = /^render\/(man|bash|zsh|fish|help|overview|prose|completion|synopsis|wrap)$/.test(path)
      return isDocument ? undefined : 'more'
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
    compiledCode(),
  ],
  external: [/^node:/],
}

/** Node has it, and pages that use isomorphic-git have to. */
const globalBuffer = 'export const Buffer = globalThis.Buffer'

/** `git-amp/reader`: one file that imports nothing, for node and for pages, and the types of what it exports. */
const reader = {
  input: 'src/reader.ts',
  output: { file: 'dist/reader.js', format: 'esm', inlineDynamicImports: true },
  // What node alone has is used for writing, and goes with it.
  treeshake: { moduleSideEffects: false },
  plugins: [
    {
      name: 'buffer',
      resolveId: (id) => (id === 'buffer' ? '\0buffer' : null),
      load: (id) => (id === '\0buffer' ? globalBuffer : null),
    },
    resolve({ browser: true, preferBuiltins: true }),
    commonjs(),
    esbuild({ target: 'es2022', minify: true }),
    {
      name: 'types',
      writeBundle: async () => void execFileSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.reader.json']),
    },
  ],
  external: [/^node:/],
}

export default [program, reader]
