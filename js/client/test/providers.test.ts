import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, test } from 'node:test';
import { AsyncLocalStorageTransactionContextPropagator, OpenFeature as Server } from '@openfeature/server-sdk';
import { OpenFeature as Web, ProviderEvents } from '@openfeature/web-sdk';
import { readFlags } from '@flagstone/client';
import type { Flags } from '@flagstone/client';
import { reportExposures } from '@flagstone/client/exposure';
import { FlagstoneServerProvider, flagContext } from '@flagstone/client/server';
import { setFlags } from '@flagstone/client/testing';
import { FlagstoneWebProvider, refresh } from '@flagstone/client/web';
import { page, script } from './page.js';

afterEach(async () => {
  await Web.close();
  await Server.close();
});

const FLAGS = {
  bool: { variant: 'on', value: true, reason: 'SPLIT' },
  text: { variant: 'eur', value: 'EUR', reason: 'STATIC' },
  number: { variant: 'many', value: 12.5 },
  object: { variant: 'strict', value: { level: 3, checks: ['device'] } },
  list: { variant: 'some', value: [1, 2] },
  bare: { variant: 'treatment' },
};

test('web: values, variants, reasons, without waiting', () => {
  using _ = page({ html: script(FLAGS) });
  Web.setProvider(new FlagstoneWebProvider());
  const client = Web.getClient();
  assert.equal(client.getBooleanValue('bool', false), true);
  assert.equal(client.getStringValue('text', ''), 'EUR');
  assert.equal(client.getNumberValue('number', 0), 12.5);
  assert.deepEqual(client.getObjectValue('object', {}), { level: 3, checks: ['device'] });
  assert.deepEqual(client.getObjectValue('list', []), [1, 2]);
  const details = client.getBooleanDetails('bool', false);
  assert.equal(details.variant, 'on');
  assert.equal(details.reason, 'SPLIT');
  assert.deepEqual(details.flagMetadata, { source: 'script', version: '7' });
  assert.equal(client.getNumberDetails('number', 0).reason, 'UNKNOWN');
});

test('web: error codes', () => {
  using _ = page({ html: script(FLAGS) });
  Web.setProvider(new FlagstoneWebProvider());
  const client = Web.getClient();
  const absent = client.getBooleanDetails('absent', true);
  assert.equal(absent.value, true);
  assert.equal(absent.reason, 'ERROR');
  assert.equal(absent.errorCode, 'FLAG_NOT_FOUND');
  for (const details of [
    client.getStringDetails('bool', 'x'),
    client.getBooleanDetails('text', false),
    client.getNumberDetails('text', 0),
    client.getObjectDetails('number', {}),
    client.getNumberDetails('object', 0),
  ]) {
    assert.equal(details.errorCode, 'TYPE_MISMATCH', details.flagKey);
    assert.equal(details.reason, 'ERROR');
    assert.equal(details.variant, undefined);
  }
});

test('web: a flag without a value has the default of the code, or the value of a table', () => {
  using _ = page({ html: script(FLAGS) });
  Web.setProvider(new FlagstoneWebProvider());
  const details = Web.getClient().getBooleanDetails('bare', true);
  assert.deepEqual(
    [details.value, details.reason, details.variant, details.errorCode],
    [true, 'DEFAULT', undefined, undefined],
  );
  Web.setProvider('with values', new FlagstoneWebProvider({ values: { bare: { treatment: true } } }));
  const known = Web.getClient('with values').getBooleanDetails('bare', false);
  assert.deepEqual([known.value, known.variant], [true, 'treatment']);
});

test('web: tells which flags changed', () => {
  using opened = page({ html: script(FLAGS) });
  const provider = new FlagstoneWebProvider();
  Web.setProvider(provider);
  const client = Web.getClient();
  const changes: unknown[] = [];
  client.addHandler(ProviderEvents.ConfigurationChanged, (event) => changes.push(event?.flagsChanged));
  refresh();
  assert.deepEqual(changes, []);
  opened.window.document.head.innerHTML = script({ bool: { variant: 'off', value: false } }, { revision: 8 });
  opened.navigation.dispatchEvent(new Event('navigatesuccess'));
  assert.deepEqual(changes, [['bool']]);
  assert.equal(client.getBooleanValue('bool', true), false);
  provider.refresh({ 'feature-flags': 'text=chf;v="CHF"' });
  assert.deepEqual(changes, [['bool'], ['text']]);
  assert.equal(client.getStringValue('text', ''), 'CHF');
});

test('web: a provider that was closed can be used again', async () => {
  using _ = page({ html: script(FLAGS) });
  const provider = new FlagstoneWebProvider();
  await provider.onClose();
  Web.setProvider(provider);
  assert.equal(Web.getClient().getBooleanValue('bool', false), true);
});

test('web: what a test sets', () => {
  Web.setProvider(new FlagstoneWebProvider());
  const client = Web.getClient();
  const changes: unknown[] = [];
  client.addHandler(ProviderEvents.ConfigurationChanged, (event) => changes.push(event?.flagsChanged));
  const restore = setFlags({ bool: true });
  assert.equal(client.getBooleanValue('bool', false), true);
  restore();
  assert.equal(client.getBooleanDetails('bool', false).errorCode, 'FLAG_NOT_FOUND');
  assert.deepEqual(changes, [['bool'], ['bool']]);
});

test('web: exposures are of flags whose value was used', async () => {
  using opened = page({ html: script(FLAGS) });
  const exposures = reportExposures();
  Web.setProvider(new FlagstoneWebProvider({ exposures }));
  const client = Web.getClient();
  client.getBooleanValue('bool', false);
  client.getBooleanValue('bool', false);
  client.getStringValue('bool', '');
  client.getBooleanValue('bare', false);
  client.getBooleanValue('absent', false);
  exposures.close();
  assert.equal(opened.beacons.length, 1);
  const body = (await opened.beacons[0]!.body) as { exposures: { flag: string }[] };
  assert.deepEqual(
    body.exposures.map(({ flag }) => flag),
    ['bool'],
  );
});

const HEADERS = { 'feature-flags': 'bool=on;v=?1;r=split, text=eur;v="EUR", bare=treatment' };

test('server: flags of a request in its evaluation context', async () => {
  await Server.setProviderAndWait(new FlagstoneServerProvider());
  const client = Server.getClient();
  const context = flagContext(HEADERS);
  for (let again = 0; again < 2; again++) {
    assert.equal(await client.getBooleanValue('bool', false, context), true);
    assert.equal(await client.getStringValue('text', '', context), 'EUR');
  }
  const details = await client.getBooleanDetails('bool', false, context);
  assert.deepEqual([details.variant, details.reason], ['on', 'SPLIT']);
  assert.equal((await client.getBooleanDetails('absent', true, context)).errorCode, 'FLAG_NOT_FOUND');
  assert.equal((await client.getNumberDetails('text', 1, context)).errorCode, 'TYPE_MISMATCH');
  assert.equal((await client.getBooleanDetails('bare', false, context)).reason, 'DEFAULT');
  assert.equal(await client.getBooleanValue('bool', false, flagContext({ 'feature-flags': 'bool=off;v=?0' })), false);
  assert.equal((await client.getBooleanDetails('bool', false, flagContext({}))).errorCode, 'FLAG_NOT_FOUND');
});

test('server: flags of a request in its transaction context', async () => {
  Server.setTransactionContextPropagator(new AsyncLocalStorageTransactionContextPropagator());
  await Server.setProviderAndWait(new FlagstoneServerProvider({ values: { bare: { treatment: 5 } } }));
  const client = Server.getClient();
  const value = await new Promise((resolve) => {
    Server.setTransactionContext(flagContext(new Headers(HEADERS)), () => resolve(client.getNumberValue('bare', 0)));
  });
  assert.equal(value, 5);
});

test('server: flags of a request from wherever they are', async () => {
  const storage = new AsyncLocalStorage<Flags>();
  await Server.setProviderAndWait(new FlagstoneServerProvider({ flags: () => storage.getStore() }));
  const client = Server.getClient();
  assert.equal(await storage.run(readFlags(HEADERS), () => client.getBooleanValue('bool', false)), true);
  assert.equal(await client.getBooleanValue('bool', false), false);
});

test('server: what a test sets', async () => {
  await Server.setProviderAndWait(new FlagstoneServerProvider());
  const client = Server.getClient();
  const context = flagContext(HEADERS);
  assert.equal(await client.getBooleanValue('bool', false, context), true);
  {
    using _ = setFlags({ bool: false });
    assert.equal(await client.getBooleanValue('bool', true, context), false);
    assert.equal(await client.getBooleanValue('bool', true), false);
  }
  assert.equal(await client.getBooleanValue('bool', false, context), true);
});
