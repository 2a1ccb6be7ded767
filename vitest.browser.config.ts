import { mergeConfig } from 'vitest/config'
import base from './vitest.config.js'

/** `npm run test:browser`: pages in a real browser, which CI does not have. */
const config = mergeConfig(base, {})
config.test.include = ['tests/browser/**/*.browser.ts']
export default config
