/** Version of the package, put in by the build (`rollup.config.mjs`) and by vitest. */
declare const __VERSION__: string
