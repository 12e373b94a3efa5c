// A proxy that copies request and response and changes as many headers as our Worker's pipeline does, without deciding
// anything: what the platform takes for it.
export default {
  async fetch(request, env) {
    const sent = new Request(request.url, request);
    for (const name of ['feature-flags', 'flagstone-key']) sent.headers.delete(name);
    sent.headers.set('x-forwarded-host', 'shop.example');
    sent.headers.set('x-forwarded-proto', 'http');
    sent.headers.set('x-release', '2');
    sent.headers.set('feature-flags', 'checkout-payment-search-000=on, banner-invoice-export-001=off');
    const response = await env.ORIGIN_STABLE.fetch(sent);
    const copy = new Response(response.body, response);
    for (const name of ['feature-flags', 'flagstone-status']) copy.headers.delete(name);
    copy.headers.set('feature-flags', 'checkout-payment-search-000=on, banner-invoice-export-001=off');
    copy.headers.set('flagstone-status', 'flagstone; rev=1; id=cookie');
    copy.headers.set('x-release', '2');
    copy.headers.append('set-cookie', 'release=2; Path=/; Secure; SameSite=Lax');
    copy.headers.append('vary', 'cookie, x-country, x-app-version, x-email');
    copy.headers.set('cache-control', 'private');
    return copy;
  },
};
