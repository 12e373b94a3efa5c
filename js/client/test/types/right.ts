// Compiles with the types of examples/shop that `flagstone types --values` writes.
import { readFlags } from '@flagstone/client';
import type { Decision, Flags } from '@flagstone/client';
import { reportExposures } from '@flagstone/client/exposure';
import { liveFlags, withValues } from '@flagstone/client/live';
import { setFlags } from '@flagstone/client/testing';
import { values } from '../../build/flags.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>) => {};

const flags = readFlags();

const checkout = flags.value('new-checkout', false);
same<typeof checkout, boolean>(true);
const currency = flags.value('currency', 'EUR');
same<typeof currency, 'EUR' | 'CHF' | 'GBP' | 'USD'>(true);
const other = flags.value('currency', 'JPY');
same<typeof other, 'EUR' | 'CHF' | 'GBP' | 'USD' | 'JPY'>(true);
const limit: number = flags.value('api-limit', 0);
const level: 1 | 2 | 3 | 0 = flags.value('fraud-check', { level: 0 }).level;

const variant = flags.variant('new-checkout');
same<typeof variant, 'control' | 'treatment' | undefined>(true);
const decision: Decision<'control' | 'treatment', boolean> | undefined = flags.decision('new-checkout');

// Every form of headers.
const server: Flags[] = [
  readFlags(new Headers()),
  readFlags({ host: 'shop.example', 'feature-flags': ['a', 'b'], via: undefined }),
  readFlags(new Map([['feature-flags', 'a']])),
];

// A table of one's own.
interface Own {
  menu: { tall: { rows: 9 }; flat: { rows: 1 } };
}
const rows: 9 | 1 | 0 = readFlags<Own>().value('menu', { rows: 0 }).rows;

setFlags({ 'new-checkout': 'treatment', currency: { variant: 'usd', value: 'USD' }, 'api-limit': 60 }, values)();
setFlags<Own>({ menu: { value: { rows: 9 } } })();
liveFlags({ values, flags }).subscribe((_, now) => now.variant('theme'));
const wrapped: Flags = reportExposures().of(withValues(flags, values));
export { decision, level, limit, rows, server, wrapped };
