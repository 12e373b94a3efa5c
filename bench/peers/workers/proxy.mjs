// The least that stands in front of an origin.
export default { fetch: (request, env) => env.ORIGIN_STABLE.fetch(request) };
