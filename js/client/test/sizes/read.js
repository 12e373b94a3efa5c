import { readFlags } from '@flagstone/client';
console.log(readFlags());
