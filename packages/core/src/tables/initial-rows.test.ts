import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { normals, streamKey, truncatedNormals, uniform01 } from '../random/streams.ts';
import { type InitialRows, initialRowsOf } from './initial-rows.ts';

const key = streamKey(7, 'init/table');
const stream = { seed: 7, stream: 'init/table' };
/** The table made whole, and the same as rows. */
const kinds: [InitialRows, (count: number) => Float64Array][] = [
  [{ kind: 'zeros' }, (count) => new Float64Array(count)],
  [
    { kind: 'normal', standardDeviation: 0.02, ...stream },
    (count) => normals(key, 0, count).map((value) => value * 0.02),
  ],
  [
    { kind: 'truncated-normal', standardDeviation: 0.3, ...stream },
    (count) => truncatedNormals(key, 0, count).map((value) => value * 0.3),
  ],
  [
    { kind: 'uniform', limit: 0.1, ...stream },
    (count) => uniform01(key, 0, count).map((value) => (2 * value - 1) * 0.1),
  ],
];

it.each(kinds)('makes any row of a table as it is in the whole one: $kind', (initial, whole) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.nat(20), { minLength: 1 }), (width, ids) => {
      const table = Float32Array.from(whole(21 * width));
      const fill = initialRowsOf(initial, width);
      for (const id of ids) {
        const into = new Float32Array(width + 2).fill(5);
        fill(id, into, 1);
        expect([...into]).toEqual([5, ...table.subarray(id * width, (id + 1) * width), 5]);
      }
    }),
  );
});
