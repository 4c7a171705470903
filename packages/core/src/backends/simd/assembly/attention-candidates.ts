// Candidates: queries that stand after all keys of a sequence and see themselves besides. What a candidate makes of
// itself joins the last block of keys as one row more, so that every number is summed in the order in which a
// token at that place would sum it.
import { KEYS } from './attention-tile';
import { madd } from './env';

/**
 * Whether the block of keys from `key` on is the one that candidates themselves belong to: the last, which has room.
 */
// @ts-ignore: decorator
@inline
export function isOwnBlock(key: i32, length: i32): bool {
  return length - key < KEYS;
}

/**
 * scores[16] = q . k of each candidate and its own key: panels of sixteen, packed alike, in the order of `scorePanel`.
 */
export function scoreSelf(qPanel: usize, kPanel: usize, width: i32, scores: usize): void {
  const half = <usize>width << 5;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let i: usize = 0; i < half; i += 32) {
    s0 = madd(v128.load(kPanel + i), v128.load(qPanel + i), s0);
    s1 = madd(v128.load(kPanel + i, 16), v128.load(qPanel + i, 16), s1);
    s2 = madd(v128.load(kPanel + half + i), v128.load(qPanel + half + i), s2);
    s3 = madd(v128.load(kPanel + half + i, 16), v128.load(qPanel + half + i, 16), s3);
  }
  v128.store(scores, s0); v128.store(scores, s1, 16); v128.store(scores, s2, 32); v128.store(scores, s3, 48);
}

/** sums[width, 16] += v weights of each candidate's own value. */
export function sumSelf(vPanel: usize, width: i32, weights: usize, sums: usize): void {
  const half = <usize>width << 5;
  const w0 = v128.load(weights), w1 = v128.load(weights, 16), w2 = v128.load(weights, 32), w3 = v128.load(weights, 48);
  for (let i: usize = 0; i < half; i += 32, sums += 64) {
    v128.store(sums, madd(v128.load(vPanel + i), w0, v128.load(sums)));
    v128.store(sums, madd(v128.load(vPanel + i, 16), w1, v128.load(sums, 16)), 16);
    v128.store(sums, madd(v128.load(vPanel + half + i), w2, v128.load(sums, 32)), 32);
    v128.store(sums, madd(v128.load(vPanel + half + i, 16), w3, v128.load(sums, 48)), 48);
  }
}

/** Packs the rows of keys or values whose numbers are at `rows`, as `packPlain` does. */
export function packAt(base: usize, stride: usize, rows: usize, count: i32, width: i32, dst: usize): void {
  const bytes = <usize>((width + 7) & ~7) << 2;
  for (let i: usize = 0; i < <usize>count; i++) {
    const src = base + <usize>load<u32>(rows + (i << 2)) * stride;
    for (let j: usize = 0; j < bytes; j += 32) {
      const lower = v128.load(src + j), upper = v128.load(src + j, 16);
      v128.store(dst + j, upper, 16); v128.store(dst + j, lower);
    }
    dst += bytes;
  }
}

/** Bytes that the packed keys and values of candidates take. */
export function selfBytes(panels: i32, a: i32, c: i32): usize {
  return <usize>panels * (<usize>(a + c) << 6);
}
