// Bundles each Worker as it would be uploaded, into OUT/workers/<name>; gives the sizes in bytes.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import esbuild from 'esbuild';
import { SHIM, WORKERS } from '../workers.mjs';

const here = path.resolve(import.meta.dirname, '..');
const root = path.resolve(here, '../..');
const NODE = 'events buffer crypto util url stream path fs http https os'.split(' ');
const gzip = (bytes) => zlib.gzipSync(bytes, { level: 9 }).length;

export async function bundleWorkers(out, names) {
  const sizes = {};
  for (const name of names) {
    const { entry = name, wasm = {} } = WORKERS[name];
    const folder = path.join(out, 'workers', name);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    for (const [module, from] of Object.entries(wasm)) {
      const [place, below = place] = from.split(':');
      const base = { package: path.join(here, 'node_modules'), repository: root }[place] ?? out;
      fs.copyFileSync(path.join(base, below), path.join(folder, module));
    }
    await esbuild.build({
      entryPoints: [entry === SHIM ? path.join(root, SHIM) : path.join(here, 'workers', `${entry}.mjs`)],
      outfile: path.join(folder, 'main.js'), bundle: true, minify: true, format: 'esm', target: 'es2022', platform: 'browser',
      conditions: ['workerd', 'worker', 'browser', 'import'], mainFields: ['browser', 'module', 'main'],
      alias: { ...Object.fromEntries(NODE.map((module) => [module, `node:${module}`])), out: out },
      plugins: [{
        name: 'wasm',
        setup: (build) => build.onResolve({ filter: /\.wasm$/ }, ({ path: of }) => ({ path: path.basename(of), external: true })),
      }],
      external: ['node:*', 'cloudflare:*'], logLevel: 'error', define: { 'process.env.NODE_ENV': '"production"' },
    });
    const files = fs.readdirSync(folder).map((file) => [file, fs.readFileSync(path.join(folder, file))]);
    const sum = (ending, size) => files.filter(([file]) => file.endsWith(ending)).reduce((total, [, bytes]) => total + size(bytes), 0);
    sizes[name] = { js: sum('.js', (bytes) => bytes.length), wasm: sum('.wasm', (bytes) => bytes.length), gzip: sum('', gzip) };
  }
  return sizes;
}
