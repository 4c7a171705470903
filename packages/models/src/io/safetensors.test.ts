import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.ts';
import { repeatedKey } from './repeated-key.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.ts';

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

function file(header: unknown, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

const tensor = fc.tuple(fc.array(fc.nat(3), { maxLength: 3 }), fc.boolean()).map(([shape, float]): StoredTensor => {
  const count = shape.reduce((product, axis) => product * axis, 1);
  const values = Array.from({ length: count }, (_, i) => (float ? Math.fround(i * 1.7 - 3) : i - 2));
  return { shape, data: float ? Float32Array.from(values) : Int32Array.from(values) };
});
const content = fc.record({
  tensors: fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__'),
    tensor,
  ),
  metadata: fc.dictionary(fc.string(), fc.string()),
});

describe('safetensors', () => {
  it('reads back what it wrote, data aligned to 8 bytes', () => {
    fc.assert(
      fc.property(content, ({ tensors, metadata }) => {
        const pieces = encodeSafetensors({ tensors: new Map(Object.entries(tensors)), metadata });
        expect(pieces[0].length % 8).toBe(0);
        const read = decodeSafetensors(join(pieces), 'x');
        // `readFileSync` gives a Buffer, whose own `slice` shares memory.
        expect(decodeSafetensors(Buffer.from(join(pieces)), 'x')).toEqual(read);
        expect(Object.fromEntries(read.tensors)).toEqual({ ...tensors });
        expect({ ...read.metadata }).toEqual({ ...metadata });
      }),
    );
  });

  it('has the published layout', () => {
    const data = Float32Array.of(1, 2);
    const bytes = join(encodeSafetensors({ tensors: new Map([['w', { shape: [2], data }]]), metadata: { a: 'b' } }));
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(header.trimEnd()).toBe('{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
    expect([...bytes.subarray(8 + length)]).toEqual([...new Uint8Array(data.buffer)]);
  });

  it('refuses every truncation', () => {
    const tensors = new Map([['w', { shape: [3], data: Float32Array.of(1, 2, 3) }]]);
    const bytes = join(encodeSafetensors({ tensors, metadata: { a: 'b' } }));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length), 'cut.safetensors')).toThrow(CheckpointError);
    }
    expect(decodeSafetensors(bytes, 'x').tensors.size).toBe(1);
  });

  const w = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  it.each([
    ['a huge header', new Uint8Array(8).fill(0xff), /expected a header of at most 100000000 bytes/],
    ['no JSON', file('{"w":', 0), /expected a header of valid JSON/],
    ['invalid UTF-8', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), /valid JSON/],
    ['an array', file([], 0), /a JSON object/],
    ['a repeated name', file('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\\u0077":{}}', 0), /'w' twice/],
    ['an unknown dtype', file({ w: { ...w, dtype: 'F4' } }, 8), /'w': expected a dtype among BOOL, .*F64; got "F4"/],
    [
      'numbers that are not read',
      file({ w: { ...w, dtype: 'I64', shape: [1] } }, 8),
      /'w': expected F32, I32, .*got I64/,
    ],
    ['a negative axis', file({ w: { ...w, shape: [-2] } }, 8), /'w': expected shape to list whole numbers/],
    ['a wrong size', file({ w: { ...w, shape: [3] } }, 8), /expected 12 bytes for F32 \[3\]; got data_offsets of 8/],
    ['backward offsets', file({ w: { ...w, data_offsets: [8, 0] } }, 8), /data_offsets \[begin, end\]/],
    ['offsets past the end', file({ w }, 4), /expected 8 bytes of data; got 4; the file is truncated/],
    ['left-over bytes', file({ w }, 12), /expected 8 bytes of data; got 12; bytes are left over/],
    ['an overlap', file({ w, x: { ...w, data_offsets: [4, 12] } }, 12), /'x': .* tensors overlap/],
    ['a hole', file({ w, x: { ...w, data_offsets: [12, 20] } }, 20), /'x': .* there is a hole/],
    ['an unknown field', file({ w: { ...w, scale: 2 } }, 8), /got also scale/],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }, 0), /__metadata__ to map strings to strings/],
    ['a tensor that is no object', file({ w: 3 }, 0), /'w': expected dtype, shape and data_offsets; got 3/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'bad.safetensors')).toThrow(CheckpointError);
    expect(() => decodeSafetensors(bytes, 'bad.safetensors')).toThrow(message);
    expect(() => decodeSafetensors(bytes, 'bad.safetensors')).toThrow('bad.safetensors');
  });

  it('throws nothing but CheckpointError, whatever the bytes', () => {
    const tensors = new Map([['w', { shape: [2], data: Float32Array.of(1, 2) }]]);
    const good = join(encodeSafetensors({ tensors, metadata: { a: 'b' } }));
    fc.assert(
      fc.property(fc.nat(good.length - 9), fc.nat(255), (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        try {
          decodeSafetensors(bytes, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
    );
  });
});

describe('repeatedKey', () => {
  it.each([
    ['{"a":1,"b":{"a":2}}', undefined],
    ['{"a":1,"a":2}', 'a'],
    ['{"x":[{"a":1},{"a":2}]}', undefined],
    ['{"x":{"k":1,"y":":\\"k\\":","k":2}}', 'k'],
    ['{"a":"a","b":"a"}', undefined],
  ])('%s', (json, expected) => {
    expect(repeatedKey(json)).toBe(expected);
  });
});
