// Ours: flagstone.toml. What JSON escapes, TOML reads alike.
const text = JSON.stringify;

function rules(flag, segments) {
  const ruled = (when, then) => `[[flags.${text(flag.key)}.rules]]\nwhen = '${when}'\n${then}`;
  const rollout = `rollout = { on = ${flag.percent} }`;
  switch (flag.kind) {
    case 'onoff': return `enabled = ${flag.enabled}\nserve = "on"`;
    case 'rollout': return rollout;
    case 'segment': return ruled(`segment(${text(segments[flag.segment].key)})`, 'serve = "on"');
    default: {
      const when = [
        `visitor.country in ${text(flag.countries)}`, `semver(visitor.version) >= semver(${text(flag.minVersion)})`,
        `visitor.email.endsWith(${text(flag.emailSuffix)})`,
      ];
      return ruled(when.join(' && '), rollout);
    }
  }
}

/** For callers of the core. */
export const flagstone = ({ flags, segments }) => `[context]
"visitor.country" = "header:x-country"
"visitor.version" = "header:x-app-version"
"visitor.email" = "header:x-email"

${segments.map(({ key, members }) => `[segments.${text(key)}]\nincluded = ${text(members)}\n`).join('\n')}
${flags.map((flag) => `[flags.${text(flag.key)}]\n${rules(flag, segments)}\n`).join('\n')}`;

/** For the shells, with who the visitor is, and which flags the browser is sent: those of `asked`. */
export const exposed = (workload, asked) => `[identity]
sources = ["header:x-user-key"]

[expose]
browser = ${text(asked)}

${flagstone(workload)}`;

/**
 * With all that a request can go through: identity from a cookie, a route to another origin, flags for the origin and for the
 * browser, headers and a cookie of a variant, and flags that a cache is keyed by.
 */
export const pipeline = (workload, asked) => through(workload, asked, 'fallback = "stable"');

/** The same without a fallback: nobody waits for bodies or for what is late, and nothing is counted twice. */
export const route = (workload, asked) => through(workload, asked, '');

const through = (workload, asked, canary) => `[identity]
sources = ["cookie:uid"]

[origins]
stable = {}
canary = { ${canary} }

[[routes]]
path = "/*"
flag = ${text(asked[0])}
variants.on = { origin = "canary", request_headers = { x-release = "2" }, response_headers = { x-release = "2" }, cookies = { release = "2" } }

[expose]
browser = ${text(asked)}
origin = ${text(asked)}

${flagstone(workload)}`;
