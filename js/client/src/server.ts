/**
 * The provider for OpenFeature's server SDK.
 *
 * @packageDocumentation
 */

import { ErrorCode } from '@openfeature/server-sdk';
import type { EvaluationContext, JsonValue, Provider, ResolutionDetails } from '@openfeature/server-sdk';
import { layers } from './override.js';
import { readFlags } from './read.js';
import { resolve } from './resolve.js';
import { headerText } from './sources.js';
import type { FlagData, FlagTable, HeadersLike } from './types.js';
import { withValues } from './values.js';

/** The attribute of an evaluation context that holds the text of a request's `Feature-Flags`. */
const ATTRIBUTE = 'feature-flags';

/**
 * The evaluation context that brings a request's flags to the provider: as the last argument of an evaluation, or for a
 * whole request as its transaction context, for which OpenFeature's SDK needs a propagator; without one it forgets the context.
 *
 * ```ts
 * OpenFeature.setTransactionContextPropagator(new AsyncLocalStorageTransactionContextPropagator()); // once
 * OpenFeature.setTransactionContext(flagContext(request.headers), next);
 * ```
 */
export function flagContext(headers: HeadersLike): EvaluationContext {
  const text = headerText(headers);
  return text === undefined ? {} : { [ATTRIBUTE]: text };
}

/** Where the provider finds a request's flags. */
export interface ServerProviderOptions {
  /** The flags of the request at hand, from an `AsyncLocalStorage` for example. Asked before the evaluation context. */
  readonly flags?: () => FlagData | undefined;
  /** Values of variants, for where only variants are delivered. */
  readonly values?: FlagTable;
}

/** Gives OpenFeature the flags that the edge decided for a request. */
export class FlagstoneServerProvider implements Provider {
  readonly metadata = { name: 'flagstone' };
  readonly runsOn = 'server';
  readonly #options: ServerProviderOptions;
  // Most evaluations in a row are of one request.
  #last: readonly [text: string, flags: FlagData] | undefined;

  constructor(options: ServerProviderOptions = {}) {
    this.#options = options;
  }

  async resolveBooleanEvaluation(
    flagKey: string,
    defaultValue: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(flagKey, defaultValue, 'boolean', context);
  }

  async resolveStringEvaluation(
    flagKey: string,
    defaultValue: string,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<string>> {
    return this.#resolve(flagKey, defaultValue, 'string', context);
  }

  async resolveNumberEvaluation(
    flagKey: string,
    defaultValue: number,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<number>> {
    return this.#resolve(flagKey, defaultValue, 'number', context);
  }

  async resolveObjectEvaluation<T extends JsonValue>(
    flagKey: string,
    defaultValue: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return this.#resolve(flagKey, defaultValue, 'object', context);
  }

  #resolve<T extends JsonValue>(
    key: string,
    fallback: T,
    type: 'boolean' | 'string' | 'number' | 'object',
    context: EvaluationContext,
  ): ResolutionDetails<T> {
    return resolve(this.#flags(context), key, fallback, type, ErrorCode);
  }

  #flags(context: EvaluationContext): FlagData {
    const { flags, values } = this.#options;
    // What a test sets holds whatever a request says.
    const given = layers.length ? undefined : flags?.();
    if (given) return withValues(given, values);
    const text = context[ATTRIBUTE];
    const header = typeof text === 'string' ? text : undefined;
    if (header !== undefined && this.#last?.[0] === header && !layers.length) return this.#last[1];
    const read = withValues(readFlags({ [ATTRIBUTE]: header }), values);
    if (header !== undefined && !layers.length) this.#last = [header, read];
    return read;
  }
}
