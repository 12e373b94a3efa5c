// Writes the workload in every format.
//
// usage: node write.mjs OUT FLAGS… [segments]
// OUT gets `users.json`, a folder `F<flags>` for each number of flags, and the folder `segments`.
import fs from 'node:fs';
import path from 'node:path';
import { asked, makeUsers, makeWorkload } from './model.mjs';
import { FORMATS, exposed, flagstone, pipeline, route } from './formats.mjs';

const [out, ...parts] = process.argv.slice(2);
const sizes = parts.filter((part) => part !== 'segments');
const write = (folder, name, text) => fs.writeFileSync(path.join(folder, name), text);
const folder = (name) => {
  const place = path.join(out, name);
  fs.mkdirSync(place, { recursive: true });
  return place;
};

write(folder('.'), 'users.json', JSON.stringify(makeUsers()));
for (const size of sizes) {
  const workload = makeWorkload(Number(size));
  const place = folder(`F${size}`);
  const keys = asked(workload).map(({ key }) => key);
  for (const [name, form] of Object.entries({ flagstone, exposed, route, pipeline })) write(place, `${name}.toml`, form(workload, keys));
  write(place, 'asked.neutral', JSON.stringify(cut(workload)));
  for (const [name, form] of Object.entries(FORMATS)) write(place, `${name}.json`, form(workload));
}

if (parts.includes('segments')) writeSegments();

/** The flags that are asked for, and the segments that they ask for. */
function cut(workload) {
  const flags = asked(workload);
  const used = [...new Set(flags.map(({ segment }) => segment))].filter((segment) => segment !== undefined);
  return { flags: flags.map((flag) => ({ ...flag, segment: Math.max(used.indexOf(flag.segment), 0) })), segments: used.map((index) => workload.segments[index]) };
}

/** Segments of two sizes, each with a flag that asks for it; every second of the users is a member. */
function writeSegments() {
  const place = folder('segments');
  const hex = (number) => number.toString(16).padStart(8, '0');
  const key = (number) => `u-${hex(number * 2_654_435_761 % 2 ** 32)}${hex(number)}`;
  for (const size of [1000, 1_000_000]) {
    write(place, `${size}.txt`, Array.from({ length: size }, (_, number) => `${key(2 * number)}\n`).join(''));
    write(place, `${size}.toml`, `[segments.members]
included_file = "${size}.txt"

[[flags.member.rules]]
when = 'segment("members")'
serve = "on"
`);
  }
  const users = Array.from({ length: 1000 }, (_, number) => ({ key: key(number), country: '', appVersion: '', email: '' }));
  write(place, 'users.json', JSON.stringify(users));
}
