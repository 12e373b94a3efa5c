// What only a browser can say: that Server-Timing and the cookie are there when a page's first script runs, which events
// tell of soft navigations, and when beacons leave.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { script } from './page.js';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = ['--no-sandbox', '--host-resolver-rules=MAP *.localhost 127.0.0.1'];
const executablePath = [process.env['CHROMIUM'] ?? '', ...PLACES].find((path) => path && existsSync(path));
const skip = executablePath ? false : 'there is no Chromium; CHROMIUM names one, Debian has it as `chromium`';

/** What the page's script does: everything under one name, and what it finds at once. */
const PROGRAM = `
  import { readFlags } from '@flagstone/client';
  import { liveFlags, refresh } from '@flagstone/client/live';
  import { reportExposures } from '@flagstone/client/exposure';
  const flags = readFlags();
  const exposures = reportExposures();
  const live = liveFlags();
  const changes = [];
  live.subscribe((changed) => changes.push([...changed]));
  exposures.of(flags).variant('a');
  globalThis.client = { live, refresh, changes, first: { source: flags.source, a: flags.variant('a'), revision: flags.revision } };
`;

const COOKIE = '__Host-flagstone-flags';
const cookie = (text: string) => `${COOKIE}=${encodeURIComponent(text)}; Path=/; Secure; SameSite=Lax`;

const beacons: { body: { exposures: { flag: string; variant: string }[] }; type: string | undefined }[] = [];
const requests: string[] = [];
const exposed = () => beacons.flatMap(({ body }) => body.exposures.map(({ flag, variant }) => `${flag}=${variant}`));
/** Whether `/rules` goes on to the page that it has prerendered. */
let going = false;

const RULES = `
  <script type="speculationrules">{"prerender":[{"urls":["/prerendered"],"eagerness":"immediate"}]}</script>
  <script>
    const ask = async () => ((await (await fetch('/going')).text()) === 'true' ? (location.href = '/prerendered') : setTimeout(ask, 50));
    ask();
  </script>`;
/** Hides itself, as a tab does that is left, once it has been shown. */
const LEAVES = `<script>document.addEventListener('prerenderingchange', () => setTimeout(() => (location.href = '/none'), 100))</script>`;

const server = createServer((request, response) => {
  const url = request.url ?? '';
  requests.push(url);
  if (url === '/.flagstone/exposure') {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      response.writeHead(204).end();
      // A page of an earlier test may still be leaving: its beacon may begin in that test and end in this one.
      if (`http://${request.headers.host}` !== origin) return;
      beacons.push({ body: JSON.parse(text) as (typeof beacons)[0]['body'], type: request.headers['content-type'] });
    });
    return;
  }
  if (url === '/program.js') {
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(program);
    return;
  }
  if (url === '/api') {
    response
      .writeHead(200, {
        'set-cookie': cookie('*=8, a=fetched;v=?1'),
        'feature-flags': 'a=fetched;v=?1',
        'flagstone-status': 'flagstone; rev=8',
      })
      .end('{}');
    return;
  }
  // Browsers ask for it by themselves, at some time or other: it must not set the cookie once more.
  if (url === '/favicon.ico') {
    response.writeHead(404).end();
    return;
  }
  const head = url === '/script' ? script({ a: { variant: 'script' } }) : '';
  if (url === '/going') {
    response.writeHead(200).end(`${going}`);
    return;
  }
  const more = { '/rules': RULES, '/prerendered': LEAVES }[url] ?? '';
  response.writeHead(200, {
    'content-type': 'text/html',
    ...(url === '/timing' && {
      'server-timing':
        'cache;desc=HIT, flagstone;desc="7;why=gpc", flag-a;desc="ser%20ver", flag-caf%C3%A9;desc="%221st%22"',
    }),
    ...(url !== '/none' && { 'set-cookie': cookie('*=7, a=cookie') }),
  });
  response.end(`<!doctype html><head>${head}<script src="/program.js"></script></head><body>${more}</body>`);
});

let program = '';
let browser: Browser;
let origin = '';
let visits = 0;

/** Forgets what was requested, and makes `origin` one of the test's own: a name whose cookies may be `Secure` without TLS. */
function begin(): void {
  beacons.length = requests.length = 0;
  visits += 1;
  origin = `http://test-${visits}.localhost:${(server.address() as AddressInfo).port}`;
}

before(async () => {
  if (skip) return;
  const bundle = await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
    bundle: true,
    write: false,
    format: 'iife',
  });
  program = bundle.outputFiles[0]!.text;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: executablePath!,
    args: ARGUMENTS,
  });
});

after(async () => {
  if (skip) return;
  await browser.close();
  server.closeAllConnections();
  server.close();
});

/** Runs what a test does in a fresh profile, as if a person sat there unless it is `automated`. */
async function visit(path: string, then: (page: Page) => Promise<void>, automated = false): Promise<void> {
  begin();
  const context = await browser.newContext();
  if (!automated) {
    await context.addInitScript('Object.defineProperty(navigator, "webdriver", { get: () => false })');
  }
  const page = await context.newPage();
  await page.goto(origin + path);
  await then(page);
  await context.close();
}

interface Client {
  first: unknown;
  changes: string[][];
  refresh(headers?: Headers): void;
  live: { current: { variant(key: string): string; source: string; why?: string } };
}
declare const client: Client;

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not within 30 seconds: ${what}`);
}

test('the first script of a page finds the script element', { skip }, () =>
  visit('/script', async (page) => {
    assert.deepEqual(await page.evaluate(() => client.first), { source: 'script', a: 'script', revision: 7 });
    assert.deepEqual(
      requests.filter((url) => url !== '/favicon.ico'),
      ['/script', '/program.js'],
    );
  }),
);

test('the first script of a page finds Server-Timing', { skip }, () =>
  visit('/timing', async (page) => {
    assert.deepEqual(await page.evaluate(() => client.first), { source: 'server-timing', a: 'ser ver', revision: 7 });
    assert.equal(await page.evaluate(() => client.live.current.variant('café')), '"1st"');
    assert.equal(await page.evaluate(() => client.live.current.why), 'gpc');
  }),
);

test('the first script of a page finds the cookie', { skip }, () =>
  visit('/cookie', async (page) => {
    assert.deepEqual(await page.evaluate(() => client.first), { source: 'cookie', a: 'cookie', revision: 7 });
  }),
);

test('without any of them there is nothing', { skip }, () =>
  visit('/none', async (page) => {
    assert.deepEqual(await page.evaluate(() => client.first), { source: 'none', a: undefined, revision: undefined });
  }),
);

test('a soft navigation by pushState has the page looked at again', { skip }, () =>
  visit('/script', async (page) => {
    await page.evaluate(
      (html) => {
        document.getElementById('flagstone')!.outerHTML = html;
        history.pushState({}, '', '/elsewhere');
      },
      script({ a: { variant: 'soft' } }),
    );
    await until(() => page.evaluate(() => client.live.current.variant('a') === 'soft'));
    assert.deepEqual(await page.evaluate(() => client.changes), [['a']]);
  }),
);

test('a response that sets the cookie is noticed by itself', { skip }, () =>
  visit('/script', async (page) => {
    await page.evaluate(async () => void (await fetch('/api')));
    await until(() => page.evaluate(() => client.live.current.variant('a') === 'fetched'));
    assert.equal(await page.evaluate(() => client.live.current.source), 'cookie');
  }),
);

test('a response can be taken over', { skip }, () =>
  visit('/script', async (page) => {
    await page.evaluate(async () => client.refresh((await fetch('/api', { credentials: 'omit' })).headers));
    assert.equal(await page.evaluate(() => client.live.current.variant('a')), 'fetched');
    assert.equal(await page.evaluate(() => client.live.current.source), 'header');
  }),
);

test('exposures leave when the page is left', { skip }, () =>
  visit('/script', async (page) => {
    assert.equal(beacons.length, 0);
    await page.goto(origin + '/none');
    await until(() => beacons.length > 0);
    assert.equal(beacons[0]?.type, 'application/json');
    assert.deepEqual(exposed(), ['a=script']);
  }),
);

test('a browser under remote control reports nothing', { skip }, () =>
  visit(
    '/script',
    async (page) => {
      await page.goto(origin + '/cookie');
      await page.goto(origin + '/none');
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(beacons.length, 0);
    },
    true,
  ),
);

// Chromium prerenders nothing while somebody drives it, so this one runs alone: its page goes on by itself when the server says so.
test('a prerendered page reports once somebody goes there', { skip }, async () => {
  begin();
  // Its helpers may write there after it has ended, so it is left; the folder is made anew with each build.
  const profile = mkdtempSync(fileURLToPath(new URL('../profile-', import.meta.url)));
  const child = spawn(executablePath!, [...ARGUMENTS, '--headless', `--user-data-dir=${profile}`, origin + '/rules'], {
    stdio: 'ignore',
  });
  try {
    await until(() => requests.filter((url) => url === '/program.js').length > 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(beacons.length, 0, 'nobody has seen the page');
    going = true;
    await until(() => beacons.length > 0);
    assert.deepEqual(exposed(), ['a=cookie']);
    assert.equal(
      requests.filter((url) => url === '/prerendered').length,
      1,
      'it was the page that had been prerendered',
    );
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});
