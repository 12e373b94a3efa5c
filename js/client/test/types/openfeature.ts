// What OpenFeature's SDKs take, and what they do not, with the types of examples/shop that `flagstone types --openfeature` writes.
import { OpenFeature as WebFeature, useFlag } from '@openfeature/react-sdk';
import { OpenFeature as ServerFeature } from '@openfeature/server-sdk';
import { readFlags } from '@flagstone/client';

const { value } = useFlag('new-checkout', false);
export const isOnePage: boolean = value;
useFlag('theme', {});
WebFeature.getClient().getStringValue('currency', 'EUR');
ServerFeature.getClient().getNumberValue('api-limit', 0);
readFlags().value('new-checkout', false);

// @ts-expect-error A misspelt key.
useFlag('new-chekout', false);
// @ts-expect-error A default of another type.
useFlag('new-checkout', 'no');
// @ts-expect-error A misspelt key.
WebFeature.getClient().getBooleanValue('new-chekout', false);
// @ts-expect-error A flag of another type, on a server.
ServerFeature.getClient().getBooleanValue('currency', false);
// @ts-expect-error A misspelt key, of the client itself.
readFlags().value('new-chekout', false);
