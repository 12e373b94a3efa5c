// Compiles where no types were generated: every key is a flag's then.
import { readFlags } from '@flagstone/client';
import type { JsonValue } from '@flagstone/client';
import { setFlags } from '@flagstone/client/testing';

const flags = readFlags();
export const anything: JsonValue = flags.value('any key', false);
export const variant: string | undefined = flags.variant('any key');
setFlags({ 'any key': 'any variant', another: true, third: { value: { deep: [1] } } })();
// @ts-expect-error Not even then is a value known to be text.
flags.value('any key', '').length;
