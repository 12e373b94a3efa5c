// The workload as text, in the format of each service.
import configcat from './formats/configcat.mjs';
import devcycle from './formats/devcycle.mjs';
import eppo from './formats/eppo.mjs';
import flagd from './formats/flagd.mjs';
import flipt from './formats/flipt.mjs';
import growthbook from './formats/growthbook.mjs';
import launchdarkly from './formats/launchdarkly.mjs';
import split from './formats/split.mjs';
import unleash from './formats/unleash.mjs';
import { statsig1, statsig2 } from './formats/statsig.mjs';

export { exposed, flagstone, pipeline, route } from './formats/flagstone.mjs';

/** JSON. */
export const FORMATS = { neutral: JSON.stringify, configcat, devcycle, eppo, flagd, flipt, growthbook, launchdarkly, split, statsig1, statsig2, unleash };
