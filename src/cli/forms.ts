import { usage } from '../errors.js'

/** Options that choose a form for machines. */
interface Forms {
  json: boolean
  porcelain: string | boolean | undefined
  format: string | undefined
  nul: boolean
}

/** @throws AmpError of kind `usage` when the options ask for two forms, or for a version that there is not */
export function checkForms({ json, porcelain, format, nul }: Forms): void {
  const given = [
    json ? '--json' : '',
    porcelain === undefined ? '' : '--porcelain',
    format === undefined ? '' : '--format',
  ]
  const [first, second] = given.filter((name) => name !== '')
  if (second !== undefined) throw usage(`${first} and ${second} cannot be used together`)
  if (typeof porcelain === 'string' && porcelain !== 'v1')
    throw usage(`unknown porcelain version '${porcelain}'`, 'Known: v1.')
  if (nul && (first === undefined || first === '--json')) throw usage('-z goes with --porcelain or --format only')
}
