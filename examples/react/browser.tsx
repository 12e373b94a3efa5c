import { OpenFeature, OpenFeatureProvider } from '@openfeature/react-sdk';
import { FlagstoneWebProvider } from '@flagstone/client/web';
import { hydrateRoot } from 'react-dom/client';
import { values } from '../build/flags.js';
import { App } from './app.js';

OpenFeature.setProvider(new FlagstoneWebProvider({ values }));

hydrateRoot(
  document.getElementById('root')!,
  <OpenFeatureProvider>
    <App />
  </OpenFeatureProvider>,
);
