/**
 * The provider for OpenFeature's web SDK, and with it for its React, Angular and other web SDKs.
 *
 * @packageDocumentation
 */

import { ErrorCode, OpenFeatureEventEmitter, ProviderEvents } from '@openfeature/web-sdk';
import type { JsonValue, Provider, ResolutionDetails } from '@openfeature/web-sdk';
import type { Exposures } from './exposure.js';
import { liveFlags } from './live.js';
import type { LiveFlags, LiveOptions } from './live.js';
import { resolve } from './resolve.js';
import type { HeadersLike } from './types.js';

export { refresh } from './live.js';

/** What the provider reads, and whom it tells. */
export interface WebProviderOptions extends LiveOptions {
  /** What hears of each flag that is read: `reportExposures()`. */
  readonly exposures?: Pick<Exposures, 'read'>;
}

/**
 * Gives OpenFeature the flags that the edge decided. It makes no request, and is ready at once, so that the first
 * rendering has the right variants:
 *
 * ```ts
 * OpenFeature.setProvider(new FlagstoneWebProvider());
 * ```
 *
 * Evaluation contexts change nothing, since the decisions were made at the edge.
 */
export class FlagstoneWebProvider implements Provider {
  readonly metadata = { name: 'flagstone' };
  readonly runsOn = 'client';
  readonly events = new OpenFeatureEventEmitter();
  readonly #options: WebProviderOptions;
  #live: LiveFlags | undefined;

  constructor(options: WebProviderOptions = {}) {
    this.#options = options;
    this.#started();
  }

  // There is no `initialize`: with one, OpenFeature answers PROVIDER_NOT_READY until its promise is kept, and a page
  // would flicker.

  async onClose(): Promise<void> {
    this.#live?.close();
    this.#live = undefined;
  }

  /** Looks again, or takes over what a response says; gives the keys of the flags that changed. */
  refresh(headers?: HeadersLike): readonly string[] {
    return this.#started().refresh(headers);
  }

  resolveBooleanEvaluation(flagKey: string, defaultValue: boolean): ResolutionDetails<boolean> {
    return this.#resolve(flagKey, defaultValue, 'boolean');
  }

  resolveStringEvaluation(flagKey: string, defaultValue: string): ResolutionDetails<string> {
    return this.#resolve(flagKey, defaultValue, 'string');
  }

  resolveNumberEvaluation(flagKey: string, defaultValue: number): ResolutionDetails<number> {
    return this.#resolve(flagKey, defaultValue, 'number');
  }

  resolveObjectEvaluation<T extends JsonValue>(flagKey: string, defaultValue: T): ResolutionDetails<T> {
    return this.#resolve(flagKey, defaultValue, 'object');
  }

  #resolve<T extends JsonValue>(
    key: string,
    fallback: T,
    type: 'boolean' | 'string' | 'number' | 'object',
  ): ResolutionDetails<T> {
    return resolve(this.#started().current, key, fallback, type, ErrorCode, this.#options.exposures?.read);
  }

  /** A provider that was closed and is used again, as on a hot reload, starts anew. */
  #started(): LiveFlags {
    if (!this.#live) {
      this.#live = liveFlags(this.#options);
      this.#live.subscribe((changed) => {
        this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged: [...changed] });
      });
    }
    return this.#live;
  }
}
