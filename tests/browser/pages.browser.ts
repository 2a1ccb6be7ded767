import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generate } from '../helpers/generated.js'
import { type Scene, scene } from '../helpers/scene.js'
import { type Pale, paleTexts } from './contrast.js'

// `npm run test:browser`; needs Chromium (Debian: apt-get install chromium), elsewhere CHROMIUM=<path>.
// PAGES=<dir> keeps the pages and pictures of them.

const hostile = ' </script><img src=x onerror=alert(1)>"\'& \u001b[31m\u202e<svg onload=alert(2)>'
const kept = process.env.PAGES

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
})
afterAll(() => browser?.close())

interface Seen {
  errors: string[]
  requests: string[]
  page: Page
}

/** Opens a page, and hears of every error and of all that it asks for. */
async function open(file: string, how: { width: number; scheme: 'light' | 'dark' }): Promise<Seen> {
  const page = await browser.newPage({ viewport: { width: how.width, height: 900 }, colorScheme: how.scheme })
  const seen: Seen = { errors: [], requests: [], page }
  page.on('console', (message) => seen.errors.push(message.text()))
  page.on('pageerror', (error) => seen.errors.push(error.message))
  page.on('dialog', (dialog) => {
    seen.errors.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => seen.requests.push(request.url()))
  await page.goto(`file://${file}`)
  return seen
}

async function pages(): Promise<{ s: Scene; files: [string, string][] }> {
  const s = scene()
  const many = scene()
  generate(many, { sessions: 2000, transcriptsOfEvery: 10, batch: { repositories: 12, prompts: 9 } })
  const foul = scene()
  generate(foul, {
    sessions: 40,
    iterations: 2,
    transcriptsOfEvery: 1,
    batch: { repositories: 3, prompts: 3 },
    hostile,
  })
  const dir = kept ?? join(s.root, 'pages')
  mkdirSync(dir, { recursive: true })
  const file = (name: string) => join(dir, `${name}.html`)
  for (const [where, name] of [
    [many, 'many'],
    [foul, 'foul'],
    [s, 'empty'],
  ] as const)
    expect(await where.amp('report', '--out', file(name))).toMatchObject({ code: 0 })
  const told = await s.session('fix', { prompt: `echo '${hostile.replaceAll("'", '')}' >a.txt; cat a.txt` })
  await s.amp('iterate', told)
  await s.iterate(told, 'seq 300 >b.txt; printf "a very long line %0500d\\n" 7 >>a.txt')
  expect(await s.amp('export', told, '--out', file('session'))).toMatchObject({ code: 0 })
  return { s, files: ['many', 'foul', 'empty', 'session'].map((name) => [name, file(name)]) }
}

const made = await pages()

test('a report of 2,000 sessions is smaller than 3 MB', () => {
  const [, file = ''] = made.files[0] ?? []
  expect(readFileSync(file, 'utf8').match(/<span class="tag [a-z]+">/g)?.length).toBe(2000)
  expect(statSync(file).size).toBeLessThan(3_000_000)
  console.log(`${statSync(file).size} bytes`)
})

describe.each(made.files)('%s', (name, file) => {
  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
    [320, 'light'],
  ] as const)(
    '%i wide, %s: no error, no overflow, nothing from elsewhere, and every text can be read',
    async (width, scheme) => {
      const { page, errors, requests } = await open(file, { width, scheme })
      const widths = await page.evaluate('[document.documentElement.scrollWidth, window.innerWidth]')
      expect(widths).toEqual([width, width])
      if (kept !== undefined) {
        const height = Math.min(6000, Number(await page.evaluate('document.documentElement.scrollHeight')))
        const clip = { x: 0, y: 0, width, height }
        await page.screenshot({ path: join(kept, `${name}-${width}-${scheme}.png`), fullPage: true, clip })
      }
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
      expect(await page.evaluate('[document.documentElement.scrollWidth]')).toEqual([width])
      expect((await page.evaluate(paleTexts)) as Pale[]).toEqual([])
      expect([errors, requests]).toEqual([[], [`file://${file}`]])
      await page.close()
    },
  )

  test('is printed light, with what is folded', async () => {
    const { page, errors } = await open(file, { width: 800, scheme: 'dark' })
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect((await page.evaluate(paleTexts)) as Pale[]).toEqual([])
    const hidden = await page.evaluate(
      '[...document.querySelectorAll("details > :not(summary)")].filter((one) => one.getBoundingClientRect().height === 0).length',
    )
    expect([errors, hidden]).toEqual([[], 0])
    await page.close()
  })
})
