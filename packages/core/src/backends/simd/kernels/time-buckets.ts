import { timeBucket } from '../../../ops/time-bucket.ts';
import type { SimdBackend } from '../backend.ts';

/**
 * A table that turns a time difference into its bucket without a logarithm: the float's leading bits select a cell,
 * which holds its lowest bucket and the first integer of the next one. Exactly `timeBucket` for
 * every integer below 2^31.
 */
interface CellTable {
  readonly address: number;
  readonly shift: number;
}

const tables = new WeakMap<SimdBackend, Map<string, CellTable>>();
const NEVER = 0xffff_ffff;
const LIMIT = 2 ** 31;
/** Floats before the cells. */
const HEAD = 4;

export function bucketCells(backend: SimdBackend, last: number, divisor: number): CellTable {
  const cached = tables.get(backend) ?? new Map<string, CellTable>();
  tables.set(backend, cached);
  const key = `${last}/${divisor}`;
  const table = cached.get(key) ?? build(backend, last, divisor);
  cached.set(key, table);
  return table;
}

function build(backend: SimdBackend, last: number, divisor: number): CellTable {
  const edges = bucketEdges(last, divisor);
  for (let shift = 18; shift >= 8; shift--) {
    const cells = fillCells(edges, shift);
    if (!cells) continue;
    const block = backend.heap.allocate(HEAD * 4 + cells.byteLength, 'the time-bucket table');
    backend.copy(logarithm(last, divisor), block, 'float32');
    backend.copy(cells, block + HEAD * 4);
    return { address: block + HEAD * 4, shift };
  }
  throw new RangeError(`hstuAttention: expected bucketDivisor large enough to tell buckets apart; got ${divisor}`);
}

/**
 * What lies before the cells: buckets per octave, how far from the middle of a bucket a logarithm by polynomial is
 * sure of it (0.5 is an edge), the last bucket, and the middle's offset. The polynomial errs by up to 1.3e-5 octaves,
 * its sum with the exponent and the products by a few roundings; twice that is left free.
 */
function logarithm(last: number, divisor: number): number[] {
  const perOctave = Math.LN2 / Math.fround(divisor);
  const error = 1.6e-5 * perOctave + 5e-7 * (last + 1);
  return [perOctave, 0.5 - 2 * error, last, -0.5];
}

/** First integer of each bucket after the lowest, ascending; equal edges mean empty buckets. */
function bucketEdges(last: number, divisor: number): { at: number; bucket: number }[] {
  const edges: { at: number; bucket: number }[] = [];
  let low = 1;
  let bucket = timeBucket(1, last, divisor);
  while (low < LIMIT) {
    if (timeBucket(LIMIT - 1, last, divisor) === bucket) break;
    let [inside, outside] = [low, LIMIT - 1];
    while (outside - inside > 1) {
      const middle = Math.floor((inside + outside) / 2);
      if (timeBucket(middle, last, divisor) > bucket) outside = middle;
      else inside = middle;
    }
    bucket = timeBucket(outside, last, divisor);
    edges.push({ at: outside, bucket });
    low = outside;
  }
  return edges;
}

/** Pairs (first integer of the next bucket, bucket) a cell; undefined when a cell holds two edges. */
function fillCells(edges: readonly { at: number; bucket: number }[], shift: number): Uint32Array | undefined {
  const first = 127 << (23 - shift);
  const count = (33 << (23 - shift)) + 1;
  const cells = new Uint32Array(count * 2);
  const bits = new Int32Array(1);
  const asFloat = new Float32Array(bits.buffer);
  const cellOf = (x: number): number => {
    asFloat[0] = x;
    return (bits[0] >>> shift) - first;
  };
  let edge = 0;
  let bucket = 0;
  for (let cell = 0; cell < count; cell++) {
    cells[cell * 2] = NEVER;
    cells[cell * 2 + 1] = bucket;
    let here = 0;
    while (edge < edges.length && cellOf(edges[edge].at) === cell) {
      if (edges[edge].bucket !== bucket + 1 || here++ > 0) {
        // Two edges in a cell, or a jump over a bucket inside one: only at the cell's own first integer is that exact.
        if (!(edges[edge].at === firstInteger(cell, first, shift))) return undefined;
        cells[cell * 2 + 1] = edges[edge].bucket;
        cells[cell * 2] = NEVER;
      } else {
        cells[cell * 2] = edges[edge].at;
      }
      bucket = edges[edge].bucket;
      edge++;
    }
  }
  return cells;
}

function firstInteger(cell: number, first: number, shift: number): number {
  const bits = new Int32Array([(cell + first) << shift]);
  return Math.ceil(new Float32Array(bits.buffer)[0]);
}
