// Loaded into git-amp before its own code: ends it at the n-th of its doors, which are the programs that it starts and the files that it changes.
// KILL_AT=<n>:before  git-amp is killed before it goes through
// KILL_AT=<n>:after   git-amp is killed at once after it: a program that it has started goes on alone
// KILL_AT=<n>:child   the program that it starts is killed, and git-amp has to cope
const child_process = require('node:child_process')
const fs = require('node:fs/promises')

const [wanted, how] = (process.env.KILL_AT ?? '').split(':')
// What git-amp starts is not meant.
delete process.env.KILL_AT
delete process.env.NODE_OPTIONS
let doors = 0

const die = () => process.kill(process.pid, 'SIGKILL')

for (const name of ['writeFile', 'appendFile', 'rename', 'rm', 'mkdir', 'copyFile', 'cp']) {
  const real = fs[name]
  fs[name] = async (...args) => {
    const isIt = ++doors === Number(wanted)
    if (isIt && how !== 'after') die()
    const result = await real(...args)
    if (isIt) die()
    return result
  }
}

const { spawn } = child_process
child_process.spawn = (...args) => {
  const isIt = ++doors === Number(wanted)
  if (isIt && how === 'before') die()
  const child = spawn(...args)
  if (isIt && how === 'after') die()
  if (isIt && how === 'child') child.kill('SIGKILL')
  return child
}

if (process.env.KILL_COUNT !== undefined)
  process.on('exit', () => require('node:fs').appendFileSync(process.env.KILL_COUNT, `${process.argv[2]} ${doors}\n`))
