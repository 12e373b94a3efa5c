// What flagd's documentation says for Workers, where code cannot be made at run time.
import { adapter } from './flagd.mjs';

export default adapter('flagd, interpreted', { disableDynamicCodeGeneration: true });
