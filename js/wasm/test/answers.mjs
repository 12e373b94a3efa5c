// What the package answers, as data: the same in every environment, and of the light entry a part of the full one's.

/** @param open that of an environment's entry */
export async function answers(open, bytes, contexts) {
  const now = Date.UTC(2026, 11, 5, 10)
  const snapshot = await open(bytes)
  const deciders = contexts.map((context) => snapshot.for(context, now))
  return {
    size: snapshot.size,
    digest: snapshot.digest,
    // By turns, so that the instance's context changes each time.
    byKey: snapshot.keys().map((key) => deciders.map((decider) => decider.decide(key))),
    all: deciders.map((decider) => decider.all()),
    unknown: [snapshot.index('nothing'), deciders[0].decide('nothing') === undefined, deciders[0].value(-1, 'mine')],
    damaged: await open(bytes.with(bytes.length - 1, 255)).catch((error) => error.message),
    empty: await open(new Uint8Array()).catch((error) => error.message),
    ...('plan' in snapshot ? await fullAnswers(snapshot, deciders, now) : {}),
  }
}

async function fullAnswers(snapshot, deciders, now) {
  const plan = snapshot.plan(
    // Browsers let no `Request` have cookies.
    {
      method: 'GET',
      url: 'https://shop.example/checkout/cart?a=b',
      headers: new Headers({ cookie: 'uid=u-1; email=jo@shop.example' }),
    },
    { geo: { country: 'DE', latitude: 52.5 }, address: '192.0.2.1' },
    now,
  )
  const sent = plan.requestHeaders(new Headers({ 'Feature-Flags': 'a=1', 'Flagstone-Key': 'x', Accept: '*/*' }))
  const response = plan.response(new Response('body', { headers: { Vary: 'Accept', 'Cache-Control': 'public, max-age=60' } }))
  return {
    explained: deciders.map((decider) => decider.explain('new-checkout')),
    planned: [plan.origin, plan.pathAndQuery, plan.cacheKey, [...sent]],
    responded: [response.status, [...response.headers], await response.text()],
    unreachable: [plan.unreachable().status, await plan.unreachable().text()],
  }
}
