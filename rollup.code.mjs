import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

// Compiled code beside the chunks. To compile them takes a third of the time that `git amp list` needs beside node's own start. Node 22 keeps
// compiled code by itself; node 20 is given what the build has made, and V8 refuses it when it is of another V8 or of other flags.

/** How a chunk is wrapped: the compiled code belongs to exactly this text. */
const wrapper = ['(function(exports,require,module,__filename,__dirname){', '\n})']

/** Replaces node's loader of `.cjs` for the chunks of one program; `script` compiles one of them. */
const loader = (script) => `{
  const Module = module.constructor
  if (Module.enableCompileCache === undefined) {
    const usual = Module._extensions['.cjs'] ?? Module._extensions['.js']
    Module._extensions['.cjs'] = (chunk, filename) => {
      const [fs, vm, path] = ['fs', 'vm', 'path'].map((name) => module.require(name))
      if (path.dirname(filename) !== path.join(fs.realpathSync(__dirname), 'chunks')) return usual(chunk, filename)
      const source = ${JSON.stringify(wrapper[0])} + fs.readFileSync(filename, 'utf8') + ${JSON.stringify(wrapper[1])}
      ${script}
      script.runInThisContext()(chunk.exports, (id) => chunk.require(id), chunk, filename, path.dirname(filename))
    }
  }
}
`

/** What the program itself does: it takes compiled code where there is some. */
const reading = loader(`let cachedData
      try {
        cachedData = fs.readFileSync(filename + '.code')
      } catch {}
      const script = new vm.Script(source, { filename, cachedData })`)

/** What the build does: it writes the code down when the program has run, with the functions that were called. */
const writing = loader(`const script = new vm.Script(source, { filename })
      process.on('exit', () => fs.writeFileSync(filename + '.code', script.createCachedData()))`)

/** Runs the program once for each chunk that is worth it: the last run decides what the code of a chunk holds. */
async function warm(program) {
  const home = await mkdtemp(join(tmpdir(), 'git-amp-build-'))
  try {
    const env = { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }
    for (const who of ['AUTHOR', 'COMMITTER'])
      Object.assign(env, { [`GIT_${who}_NAME`]: 'Build', [`GIT_${who}_EMAIL`]: 'build@localhost' })
    const run = (file, ...args) => execFileSync(file, args, { cwd: home, env, stdio: ['ignore', 'ignore', 'pipe'] })
    const preload = join(home, 'preload.cjs')
    const root = JSON.stringify(resolve(program, '..'))
    // The program finds that node keeps compiled code by itself, and leaves this loader in its place.
    const mask = "require('module').enableCompileCache ??= () => {}"
    const call = `({ constructor: require('module'), require }, ${root})`
    await writeFile(preload, `;((module, __dirname) => {${writing}})${call}\n${mask}\n`)
    const amp = (...args) => run(process.execPath, '--require', preload, program, ...args)
    run('git', 'init', '--quiet')
    run('git', 'commit', '--quiet', '--allow-empty', '--message', 'Begin')
    for (const name of ['x', 'y']) {
      amp('new', name, '-m', `echo 1 >${name}`, '--agent', 'shell')
      amp('iterate', name)
      if (name === 'x') amp('merge', name)
    }
    amp('list')
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** Gives the program its loader, and its chunks their compiled code. */
export const compiledCode = () => ({
  name: 'compiled-code',
  renderChunk: (code, chunk) =>
    chunk.isEntry
      ? { code: code.replace(/^(?:#!.*\n)?(?:["']use strict["'];)?/, (start) => `${start}${reading}`), map: null }
      : null,
  async writeBundle({ dir }) {
    try {
      await warm(resolve(dir, 'git-amp.cjs'))
    } catch (error) {
      this.warn(`no compiled code: ${error.message}`)
    }
  },
})
