import { worker } from './hand.mjs';

export default worker(true);
