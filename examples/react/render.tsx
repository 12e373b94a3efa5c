import { OpenFeature, OpenFeatureProvider } from '@openfeature/react-sdk';
import { readFlags } from '@flagstone/client';
import { FlagstoneWebProvider } from '@flagstone/client/web';
import type { IncomingHttpHeaders } from 'node:http';
import { renderToString } from 'react-dom/server';
import { values } from '../build/flags.js';
import { App } from './app.js';

/** The page for the visitor whose flags the edge has told in a request's headers. */
export function render(headers: IncomingHttpHeaders): string {
  // One provider for the process will do: from here to the end of the rendering, nothing else has a turn.
  OpenFeature.setProvider(new FlagstoneWebProvider({ flags: readFlags(headers), values, follow: false }));
  return renderToString(
    <OpenFeatureProvider>
      <App />
    </OpenFeatureProvider>,
  );
}
