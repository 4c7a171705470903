import type { TensorInfo } from '@tensorflow/tfjs-core';
import { timeBucket } from '../../../ops/time-bucket.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { ATTENTION_THREADS, MASK_UNIFORMS, maskGlobals, tileRanges, worksOf } from './attention-tiles.ts';
import { type Inputs, sizeOf } from './support.ts';

export type BiasKind = 'none' | 'position' | 'position and time';

/** Times are integers below this. */
const LIMIT = 2 ** 31;

/** Uniforms of {@link BIAS_GLOBALS}: where the parts of `bias` begin, and the table of buckets. */
const BIAS_UNIFORMS = ['maxLength', 'timeAt', 'queryAt', 'keyAt', 'startsAt', 'lastBucket', 'perBucket: f32'];

/**
 * `relativeBias(query, key, back)` of a row of the query times and one of the key times, `back` positions apart
 * (modulo 2^32, as some keys are ahead). Everything it reads lies in the buffer
 * `extras`, as the number of buffers is limited: position weights, time weights, query times, key times, first second
 * of each bucket; then the ranges of a mask.
 *
 * A bucket is estimated with the device's logarithm and corrected by the table, so it is exact on every device.
 */
function biasGlobals(kind: BiasKind): string {
  if (kind === 'none') return '';
  const time = `
fn bucketOf(difference: i32) -> u32 {
  let seconds = u32(max(abs(difference), 1));
  var bucket = u32(clamp(log(f32(seconds)) * u.perBucket, 0.0, f32(u.lastBucket)));
  while (bucket > 0u && seconds < extras[u.startsAt + bucket]) { bucket--; }
  while (bucket < u.lastBucket && seconds >= extras[u.startsAt + bucket + 1u]) { bucket++; }
  return bucket;
}
fn bucketAt(query: u32, key: u32) -> u32 {
  return bucketOf(bitcast<i32>(extras[u.queryAt + query]) - bitcast<i32>(extras[u.keyAt + key]));
}`;
  const timed = kind === 'position and time';
  return `${timed ? time : ''}
fn relativeBias(query: u32, key: u32, back: u32) -> f32 {
  let position = bitcast<f32>(extras[u.maxLength - 1u - back]);
  return position${timed ? ' + bitcast<f32>(extras[u.timeAt + bucketAt(query, key)])' : ''};
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

export interface Extras {
  readonly kind: BiasKind;
  readonly masked: boolean;
  /** The buffer `extras`, absent without bias and mask. */
  readonly tensors: readonly TensorInfo[];
  readonly uniforms: Readonly<Record<string, number>>;
  /** Longest sequence that the position table covers. */
  readonly maxLength: number;
  readonly buckets: number;
}

/** Packs the parts of bias and mask into one buffer for the time of `use`. */
export function withExtras<T>(
  backend: SeqrecWebgpuBackend,
  inputs: Inputs,
  { divisor, globalKeys = 0 }: { readonly divisor: number; readonly globalKeys?: number },
  use: (extras: Extras) => T,
): T {
  const { offsets, positionWeights, timeWeights, queryTimes, keyTimes, visible } = inputs;
  const positions = positionWeights === undefined ? 0 : sizeOf(positionWeights);
  const buckets = positions === 0 ? 0 : sizeOf(timeWeights);
  const masked = sizeOf(visible) > 0;
  const parts: Record<string, TensorInfo> = {};
  if (positions > 0) parts.positionAt = positionWeights;
  if (buckets > 0) {
    const startsAt = startsTable(backend, buckets - 1, divisor);
    Object.assign(parts, { timeAt: timeWeights, queryAt: queryTimes, keyAt: keyTimes, startsAt });
  }
  if (masked) parts.visibleAt = visible;
  const batch = offsets.shape[0] - 1;
  const works = worksOf(inputs.k.shape[0], batch);
  return backend.withScratch([2 * works], (ranges) => {
    if (masked) {
      const groups = Math.ceil(works / ATTENTION_THREADS);
      backend.dispatch(tileRanges, { tensors: [offsets, visible, ranges], uniforms: { works, batch }, groups });
      parts.rangesAt = ranges;
    }
    const starts: Record<string, number> = { timeAt: 0, queryAt: 0, keyAt: 0, startsAt: 0 };
    let total = 0;
    for (const [name, part] of Object.entries(parts)) {
      starts[name] = total;
      total += sizeOf(part);
    }
    const maxLength = (positions + 1) / 2;
    const values = { ...starts, globalKeys, maxLength, lastBucket: Math.max(0, buckets - 1), perBucket: 1 / divisor };
    const kind = buckets > 0 ? 'position and time' : positions > 0 ? 'position' : 'none';
    const facts = { kind, masked, uniforms: values, maxLength, buckets } as const;
    if (total === 0) return use({ ...facts, tensors: [] });
    return backend.withScratch([total], (extras) => {
      for (const [name, part] of Object.entries(parts)) backend.copy(part, extras, starts[name]);
      return use({ ...facts, tensors: [extras] });
    });
  });
}

/** Binding, uniforms and functions that a program needs for a kind of bias and a mask. */
export function extrasOf(kind: BiasKind, masked: boolean): { bindings: string[]; uniforms: string[]; globals: string } {
  return {
    bindings: kind === 'none' && !masked ? [] : ['extras: u32'],
    uniforms: [...(kind === 'none' ? [] : BIAS_UNIFORMS), ...(masked ? MASK_UNIFORMS : [])],
    globals: biasGlobals(kind) + maskGlobals(masked),
  };
}
