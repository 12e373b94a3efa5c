// What everything is measured on: the workload in each service's format, our snapshots and the probe's, and the Workers.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { bundleWorkers } from './bundle.mjs';
import { WORKERS } from '../workers.mjs';

/** What both workerd and older Nodes know. */
const FEATURES = ['bulk-memory', 'mutable-globals', 'multivalue', 'nontrapping-float-to-int', 'reference-types', 'sign-ext', 'simd'].map((feature) => `--enable-${feature}`);

export async function prepare(out, programs, sizes) {
  const data = path.join(out, 'data');
  const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  run(process.execPath, path.resolve(import.meta.dirname, '../workload/write.mjs'), data, ...sizes.map(String), 'segments');
  for (const size of sizes) {
    const folder = path.join(data, `F${size}`);
    const file = (name) => path.join(folder, name);
    run(programs.probe, file('neutral.json'), file('probe.bin'));
    run(programs.probe, file('asked.neutral'), file('probe.cut'));
    run(programs.flagstone, 'import', file('launchdarkly.json'), '--from', 'launchdarkly', '-o', file('launchdarkly.snapshot'));
    for (const name of ['flagstone', 'exposed', 'route', 'pipeline']) {
      run(programs.flagstone, 'compile', file(`${name}.toml`), '-o', file(`${name}.snapshot`), '--cut', file(`${name}.cut`), '--control', file(`${name}.control.json`));
    }
  }
  for (const size of ['1000', '1000000']) {
    const file = (ending) => path.join(data, 'segments', size + ending);
    run(programs.flagstone, 'compile', file('.toml'), '-o', file('.snapshot'));
  }
  const wasm = path.join(out, 'wasm');
  fs.mkdirSync(wasm, { recursive: true });
  for (const name of ['flagstone', 'flagstone_core', 'probe']) {
    run(programs.wasmOpt, '-O3', ...FEATURES, '--strip-debug', path.join(programs.wasm, `${name}_wasm.wasm`), '-o', path.join(wasm, `${name}.wasm`));
  }
  for (const name of ['yggdrasil_wasm', 'workers_rs']) {
    run(programs.wasmBindgen, '--target', 'web', '--no-typescript', '--remove-name-section', '--remove-producers-section', '--out-dir', wasm, path.join(programs.wasm, `${name}.wasm`));
    const bound = path.join(wasm, `${name}_bg.wasm`);
    run(programs.wasmOpt, '-O3', ...FEATURES, '--strip-debug', bound, '-o', bound);
  }
  return bundleWorkers(out, Object.keys(WORKERS));
}
