// Serves a document to Split's SDK, which has no other way to get one. Prints its port; ends with its standard input.
import fs from 'node:fs';
import http from 'node:http';

const { splits, segments } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const changes = (d, s, t) => JSON.stringify({ ff: { d, s, t }, rbs: { d: [], s: -1, t: -1 } });
const members = (name, added, since) => JSON.stringify({ name, added, removed: [], since, till: 1 });
const [first, later] = [changes(splits, -1, 1), changes([], 1, 1)];
const lists = new Map(Object.entries(segments).map(([name, keys]) => [name, members(name, keys, -1)]));

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://split');
  const isFirst = searchParams.get('since') === '-1';
  const segment = /\/segmentChanges\/(.+)$/.exec(pathname);
  response.setHeader('content-type', 'application/json');
  request.resume();
  if (pathname.endsWith('/splitChanges')) return response.end(isFirst ? first : later);
  if (!segment) return response.end('{}');
  const name = decodeURIComponent(segment[1]);
  response.end(isFirst ? lists.get(name) : members(name, [], 1));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
