// What every Worker does: read four request headers, decide the flags that `KEYS` names, set one header.

export const attributes = ({ headers }) => ({
  key: headers.get('x-user-key') ?? 'anon',
  country: headers.get('x-country') ?? '',
  appVersion: headers.get('x-app-version') ?? '',
  email: headers.get('x-email') ?? '',
});

export const reply = (answers) => new Response('ok', { headers: { 'x-flags': answers } });

let asked;
/** The flags to decide, key and kind. */
export const askedOf = (env) => (asked ??= JSON.parse(env.KEYS));

/** The answers, a digit a flag. */
export function answers(env, isOn) {
  let digits = '';
  for (const flag of askedOf(env)) digits += isOn(flag.key, flag.kind) ? '1' : '0';
  return reply(digits);
}

/** A Worker that loads in the first request of an isolate and keeps what was loaded: later requests wait for no promise of its. */
export function kept(load, respond) {
  let loading;
  let loaded;
  return {
    fetch(request, env) {
      if (loaded !== undefined) return respond(loaded, request, env);
      loading ??= load(env);
      return loading.then((first) => respond((loaded = first), request, env));
    },
  };
}

export const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
