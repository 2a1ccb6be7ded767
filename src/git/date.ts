import { usage } from '../errors.js'
import type { Git } from './run.js'

/** Words that git's approxidate knows; it skips all others and answers with the current time. */
const dateWords =
  /^(now|today|yesterday|noon|midnight|tea|never|ago|last|at|on|of|the|and|t|z|utc|gmt|[ap]m?|st|nd|rd|th|zero|one|two|three|four|five|six|seven|eight|nine|ten|(second|sec|minute|min|hour|day|week|month|year)s?|(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?|jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?|[a-z]{1,3}[sd]t|cet|eet|wet)$/i

/** `1h`, which git does not know, in its words. */
function relativeForm(text: string): string | null {
  const [, count, unit = ''] = /^\s*(\d{1,4})\s*([a-z]{1,3})\s*$/i.exec(text) ?? []
  const word = { s: 'second', m: 'minute', min: 'minute', h: 'hour', d: 'day', w: 'week' }[unit.toLowerCase()]
  return count === undefined || word === undefined ? null : `${count} ${word}${count === '1' ? '' : 's'} ago`
}

/**
 * Reads a date as git does (`yesterday`, `2 weeks ago`, `2026-11-01 12:00`). A day without a time is the whole day, in local time: `since`
 * takes its beginning and `until` its end.
 * @throws AmpError when it is none
 */
export async function readDate(git: Git, text: string, end: 'since' | 'until'): Promise<Date> {
  const words = text.match(/[a-z]+/gi) ?? []
  if (!/[a-z0-9]/i.test(text) || !words.every((word) => dateWords.test(word))) {
    throw usage(`'${text}' is no date`, `Write 2026-11-01, yesterday, or "${relativeForm(text) ?? '2 weeks ago'}".`)
  }
  const isDay = /^\s*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\s*$/.test(text)
  const time = end === 'since' ? '00:00:00' : '23:59:59'
  const answer = await git.text(['rev-parse', `--${end}=${isDay ? `${text.trim()} ${time}` : text}`])
  const seconds = Number(/^--(?:max|min)-age=(\d+)$/.exec(answer)?.[1])
  if (Number.isNaN(seconds)) throw usage(`'${text}' is no date`)
  return new Date(seconds * 1000)
}
