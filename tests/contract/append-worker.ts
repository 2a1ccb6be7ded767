import { record } from '../../src/actions/shared/record.js'
import { openRepo } from '../../src/repo.js'
import { testHost } from '../helpers/host.js'

// One of many processes that write to the same session and the same notes, as the commands do.

const [dir = '', session = '', worker = '', count = '0', ...commits] = process.argv.slice(2)
let attempts = 0
const repo = await openRepo(testHost({ cwd: dir, env: process.env }))
const longest = { ms: 0 }
for (let index = 0; index < Number(count); index++) {
  const label = `w${worker}-${String(index).padStart(2, '0')}`
  const started = performance.now()
  await record(repo, session, () => {
    attempts++
    const line = `Session ${session} (race), iteration ${Number(worker) * 100 + index} by shell: ${label}`
    return {
      subject: `amp(race): ${label}`,
      events: [{ type: 'label.added', data: { label } }],
      code: [],
      notes: [{ commit: commits[index % commits.length] ?? '', line }],
    }
  })
  longest.ms = Math.max(longest.ms, performance.now() - started)
}
repo.close()
process.stdout.write(JSON.stringify({ attempts, longest: Math.round(longest.ms) }))
