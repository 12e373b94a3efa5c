import { readFlags } from '@flagstone/client';

const flags = readFlags();
const { dataset } = document.documentElement;
dataset['checkout'] = flags.variant('new-checkout') ?? 'control';
dataset['theme'] = flags.variant('theme') ?? 'light';
