import { test } from 'vitest'
import { importsOf, source, sourceFiles } from './imports.js'
test('x', () => {
  const zone = (p: string) => p.includes('/') && !p.startsWith('node:') ? p.split('/')[0] : p
  const m = new Map<string, Set<string>>()
  for (const f of sourceFiles()) for (const i of importsOf(f, source(f))) {
    const k = `${zone(i.from)} ${i.isType ? 'T' : 'V'} ${zone(i.to)}`
    if (zone(i.from) === zone(i.to)) continue
    m.set(k, (m.get(k) ?? new Set()).add(`${f}>${i.to}`))
  }
  for (const k of [...m.keys()].sort()) console.log(k, [...m.get(k)!].slice(0, 8).join(' '))
})
