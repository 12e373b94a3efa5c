import { liveFlags } from '@flagstone/client/live';
console.log(liveFlags());
