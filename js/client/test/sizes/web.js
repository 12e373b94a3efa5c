import { FlagstoneWebProvider } from '@flagstone/client/web';
console.log(new FlagstoneWebProvider());
