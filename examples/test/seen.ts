// A page that reads two of its flags, and reports that.

import { readFlags } from '@flagstone/client';
import { reportExposures } from '@flagstone/client/exposure';

const flags = reportExposures().of(readFlags());
document.body.dataset['variant'] = flags.variant('new-checkout') ?? 'control';
flags.variant('theme');
