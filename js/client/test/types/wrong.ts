// Does not compile, each line for itself, with the types of examples/shop that `flagstone types --values` writes.
import { readFlags } from '@flagstone/client';
import { setFlags } from '@flagstone/client/testing';
import { liveFlags } from '@flagstone/client/live';

const flags = readFlags();

// @ts-expect-error A misspelt key.
flags.variant('new-chekout');
// @ts-expect-error A misspelt key.
flags.value('new-chekout', false);
// @ts-expect-error A misspelt key.
flags.decision('new-chekout');
// @ts-expect-error A fallback of another type.
flags.value('new-checkout', 'no');
// @ts-expect-error A fallback of another type.
flags.value('currency', 0);
// @ts-expect-error A fallback must be given.
flags.value('new-checkout');
// @ts-expect-error A value taken for another type.
flags.value('new-checkout', false).length;
// @ts-expect-error A value that the flag cannot have.
if (flags.value('currency', 'EUR') === 'JPY') throw 0;
// @ts-expect-error A misspelt variant.
if (flags.variant('new-checkout') === 'traetment') throw 0;
// @ts-expect-error A flag that may not be there.
flags.decision('new-checkout').variant;
// @ts-expect-error A value that may not have been delivered.
flags.decision('currency')!.value.length;
// @ts-expect-error Decisions are made at the edge.
flags.source = 'header';
// @ts-expect-error What is not headers.
readFlags(1);
// @ts-expect-error A misspelt key in a test.
setFlags({ 'new-chekout': 'treatment' });
// @ts-expect-error A misspelt variant in a test.
setFlags({ 'new-checkout': 'traetment' });
// @ts-expect-error A value that the flag cannot have, in a test.
setFlags({ currency: { variant: 'eur', value: 'JPY' } });
// @ts-expect-error A misspelt key of live flags.
liveFlags().current.variant('new-chekout');
// @ts-expect-error A misspelt key of a table of one's own.
readFlags<{ menu: { tall: 1 } }>().variant('mneu');
