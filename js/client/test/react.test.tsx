import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenFeature, OpenFeatureProvider, useFlag } from '@openfeature/react-sdk';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { setFlags } from '@flagstone/client/testing';
import { FlagstoneWebProvider } from '@flagstone/client/web';
import { page, script } from './page.js';

// What React asks of the global object to see that it is being tested.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

test('useFlag has the right variant at the first rendering, and follows', async () => {
  using opened = page({ html: script({ checkout: { variant: 'treatment', value: true, reason: 'SPLIT' } }) });
  let requests = 0;
  const fetched = globalThis.fetch;
  globalThis.fetch = () => {
    requests++;
    return Promise.reject(new Error('no network'));
  };
  Object.assign(globalThis, { window: opened.window });
  const rendered: string[] = [];
  function Checkout() {
    const { value, variant, reason } = useFlag('checkout', false);
    const text = `${value} ${variant} ${reason}`;
    rendered.push(text);
    return <p>{text}</p>;
  }
  OpenFeature.setProvider(new FlagstoneWebProvider());
  const { document } = opened.window;
  const element = document.body.appendChild(document.createElement('main'));
  const root = createRoot(element as unknown as Element);
  await act(() =>
    root.render(
      <OpenFeatureProvider>
        <Checkout />
      </OpenFeatureProvider>,
    ),
  );
  assert.equal(rendered[0], 'true treatment SPLIT', 'no flicker');
  assert.equal(element.textContent, 'true treatment SPLIT');

  document.head.innerHTML = script({ checkout: { variant: 'control', value: false, reason: 'SPLIT' } });
  await act(() => opened.navigation.dispatchEvent(new Event('navigatesuccess')));
  assert.equal(element.textContent, 'false control SPLIT');

  const restore = await act(() => setFlags({ checkout: { variant: 'treatment', value: true } }));
  assert.equal(element.textContent, 'true treatment STATIC');
  await act(restore);
  assert.equal(element.textContent, 'false control SPLIT');

  await act(() => root.unmount());
  await OpenFeature.close();
  Reflect.deleteProperty(globalThis, 'window');
  globalThis.fetch = fetched;
  assert.equal(requests, 0);
});
