// Bundles what the examples' pages load, as a frontend's build does, into build/pages; `cargo xtask example` calls it.

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

const common = {
  bundle: true,
  minify: true,
  outdir: here('build/pages'),
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  // The client is a link to its sources here, which have SDKs of their own beside them. Installed from a registry it has not.
  alias: {
    '@openfeature/web-sdk': here('node_modules/@openfeature/web-sdk'),
    '@openfeature/core': here('node_modules/@openfeature/core'),
  },
  logLevel: 'warning',
}

await Promise.all([
  build({ ...common, entryPoints: [here('plain/flags.ts')], format: 'iife', target: 'es2022' }),
  build({ ...common, entryPoints: { app: here('react/browser.tsx') }, format: 'iife', target: 'es2022' }),
  build({ ...common, entryPoints: [here('test/ofrep.js'), here('test/seen.ts')], format: 'iife', target: 'es2022' }),
  build({ ...common, entryPoints: [here('react/render.tsx')], format: 'cjs', platform: 'node', outExtension: { '.js': '.cjs' } }),
])
