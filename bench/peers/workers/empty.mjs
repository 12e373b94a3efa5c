export default { fetch: () => new Response('ok', { headers: { 'x-flags': '00000' } }) };
