// What the Worker does with a document's bytes: it copies them into the wasm's memory and compiles them to a snapshot, or finds what
// another has compiled; or a part of that.
import module from 'flagstone.wasm';
import frame from 'frame.bin';
import five from 'five.bin';
import document from 'document.bin';
import kept from 'kept.bin';

const { exports } = new WebAssembly.Instance(module);
const PAGE = 65536;

/** Copies bytes into memory of their own; gives their address. */
function place(bytes) {
  const at = exports.memory.grow(Math.ceil(bytes.byteLength / PAGE)) * PAGE;
  new Uint8Array(exports.memory.buffer, at, bytes.byteLength).set(new Uint8Array(bytes));
  return at;
}

const frames = { frame: [place(frame), frame.byteLength], five: [place(five), five.byteLength] };
const text = [place(document), document.byteLength];
const compiled = [place(kept), kept.byteLength];

/** What another node has compiled comes from the cache, as bytes. */
function take(...text) {
  new Uint8Array(exports.memory.buffer, ...compiled).set(new Uint8Array(kept));
  return exports.take(...compiled, ...text);
}

export default {
  fetch(request) {
    const asked = new URL(request.url).searchParams;
    const frame = frames[asked.get('of')];
    const run = { kept: take, model: exports.lower, least: exports.least, tape: exports.read }[asked.get('of')];
    let size = 0;
    for (let times = Number(asked.get('times')); times > 0; times--) {
      new Uint8Array(exports.memory.buffer, ...text).set(new Uint8Array(document));
      size = frame ? exports.compile(...frame, ...text) : run(...text);
      if (size === 0) return new Response('not compiled', { status: 500 });
    }
    return new Response(`snapshot of ${size} bytes`);
  },
};
