import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { install, sh } from '../helpers/bundle.js'
import { generate } from '../helpers/generated.js'
import { scene } from '../helpers/scene.js'

/** More than a pipe holds. */
function busy() {
  const s = install(scene())
  generate(s, { sessions: 200, iterations: 6 })
  return s
}

it('a reader that goes away ends an export quietly, and nothing is left behind', async () => {
  const s = busy()
  s.env.TMPDIR = `${s.root}/tmp`
  s.write({ 'tmp/keep': '' }, s.root)
  for (const format of ['json', 'ndjson', 'csv --tables iterations']) {
    const answer = await sh(s, `git amp export --format ${format} | head -c 100 >/dev/null; echo "\${PIPESTATUS[*]}"`)
    expect([format, answer.stdout, answer.stderr]).toEqual([format, '141 0\n', ''])
  }
  expect(readdirSync(`${s.root}/tmp`)).toEqual(['keep'])
})

it('a full device is told, and ends with 128', async () => {
  const s = busy()
  const named = await sh(s, 'git amp export --out /dev/full')
  expect(named).toMatchObject({ code: 128, stdout: '' })
  expect(named.stderr).toMatch(/^fatal: cannot write '\/dev\/full': no space left on device\nhint: /)
  const piped = await sh(s, 'git amp export >/dev/full')
  expect(piped.code).toBe(128)
  expect(piped.stderr).toMatch(/^fatal: cannot write the output: no space left on device\n/)
})

it('the whole of a long export arrives', async () => {
  const s = busy()
  const answer = await sh(
    s,
    'git amp export --format ndjson --tables sessions,iterations | wc -l; git amp report --out r.html; ls',
  )
  expect(answer.stdout.trim().split('\n')).toEqual(['1400', `${s.dir}/r.html`, 'README.md', 'r.html'])
})
