import type { TensorInfo } from '@tensorflow/tfjs-core';
import { timeBucket } from '../../../ops/time-bucket.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { type Inputs, sizeOf } from './support.ts';

export type BiasKind = 'none' | 'position' | 'position and time';

/** Times are integers below this. */
const LIMIT = 2 ** 31;

/** Uniforms of {@link BIAS_GLOBALS}: where the parts of `bias` begin, and the table of buckets. */
export const BIAS_UNIFORMS = ['maxLength', 'timeAt', 'queryAt', 'keyAt', 'startsAt', 'lastBucket', 'perBucket: f32'];

/**
 * `relativeBias(begin, i, j)` of positions `i` and `j` of the sequence that starts at row `begin`. Everything it reads lies in one buffer, as the
 * number of buffers is limited: position weights, time weights, query times, key times, first second of each bucket.
 *
 * A bucket is estimated with the device's logarithm and corrected by the table, so it is exact on every device.
 */
export function biasGlobals(kind: BiasKind): string {
  if (kind === 'none') return '';
  const time = `
fn bucketOf(difference: i32) -> u32 {
  let seconds = u32(max(abs(difference), 1));
  var bucket = u32(clamp(log(f32(seconds)) * u.perBucket, 0.0, f32(u.lastBucket)));
  while (bucket > 0u && seconds < bias[u.startsAt + bucket]) { bucket--; }
  while (bucket < u.lastBucket && seconds >= bias[u.startsAt + bucket + 1u]) { bucket++; }
  return bucket;
}
fn bucketAt(begin: u32, i: u32, j: u32) -> u32 {
  return bucketOf(bitcast<i32>(bias[u.queryAt + begin + i]) - bitcast<i32>(bias[u.keyAt + begin + j]));
}`;
  const timed = kind === 'position and time';
  return `${timed ? time : ''}
fn relativeBias(begin: u32, i: u32, j: u32) -> f32 {
  let position = bitcast<f32>(bias[j + u.maxLength - 1u - i]);
  return position${timed ? ' + bitcast<f32>(bias[u.timeAt + bucketAt(begin, i, j)])' : ''};
}
`;
}

/** First second of each bucket, one entry more than there are buckets; unreachable ones are never begun. */
function bucketStarts(last: number, divisor: number): Uint32Array {
  const starts = new Uint32Array(last + 2).fill(0xffff_ffff);
  starts[0] = 0;
  let low = 1;
  for (let bucket = 1; bucket <= last && low < LIMIT; bucket++) {
    let high = LIMIT;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (timeBucket(middle, last, divisor) >= bucket) high = middle;
      else low = middle + 1;
    }
    if (low < LIMIT) starts[bucket] = low;
  }
  return starts;
}

const tables = new WeakMap<SeqrecWebgpuBackend, Map<string, TensorInfo>>();

function startsTable(backend: SeqrecWebgpuBackend, last: number, divisor: number): TensorInfo {
  const known = tables.get(backend) ?? new Map<string, TensorInfo>();
  tables.set(backend, known);
  const key = `${last}/${divisor}`;
  const table =
    known.get(key) ?? backend.makeTensorInfo([last + 2], 'int32', new Int32Array(bucketStarts(last, divisor).buffer));
  known.set(key, table);
  return table;
}

export interface PackedBias {
  readonly kind: BiasKind;
  /** The buffer `bias`, absent without bias. */
  readonly tensors: readonly TensorInfo[];
  readonly uniforms: Readonly<Record<string, number>>;
  /** Longest sequence that the position table covers. */
  readonly maxLength: number;
  readonly buckets: number;
}

/** Packs the parts of the bias into one buffer for the time of `use`. */
export function withBias<T>(
  backend: SeqrecWebgpuBackend,
  { positionWeights, timeWeights, queryTimes, keyTimes }: Inputs,
  divisor: number,
  use: (bias: PackedBias) => T,
): T {
  const positions = sizeOf(positionWeights);
  if (positions === 0) return use({ kind: 'none', tensors: [], uniforms: {}, maxLength: 0, buckets: 0 });
  const buckets = sizeOf(timeWeights);
  const parts = [positionWeights];
  if (buckets > 0) parts.push(timeWeights, queryTimes, keyTimes, startsTable(backend, buckets - 1, divisor));
  const starts: number[] = [];
  let total = 0;
  for (const part of parts) {
    starts.push(total);
    total += sizeOf(part);
  }
  const [, timeAt = 0, queryAt = 0, keyAt = 0, startsAt = 0] = starts;
  const maxLength = (positions + 1) / 2;
  return backend.withScratch([total], (bias) => {
    for (const [i, part] of parts.entries()) backend.copy(part, bias, starts[i]);
    const lastBucket = Math.max(0, buckets - 1);
    return use({
      kind: buckets > 0 ? 'position and time' : 'position',
      tensors: [bias],
      uniforms: { maxLength, timeAt, queryAt, keyAt, startsAt, lastBucket, perBucket: 1 / divisor },
      maxLength,
      buckets,
    });
  });
}
