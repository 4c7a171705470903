// The recurrence of a gated recurrent unit, forward and backward. A task is twelve sequences that lie together, over
// all steps: nothing is shared between tasks, so no step waits for another thread. Products read the packed weights.
import * as RECURRENCE from '../slots/recurrence';
import * as RECURRENCE_GRAD from '../slots/recurrence-grad';
import { copyFloats, int, loadPart, madd, ptr, scratch, storePart } from './env';
import { one4, sigmoid4, tanh4 } from './math';
import { after } from './regions';
import { TILE_BYTES, tileRowsFrom } from './tile';

const ROWS: i32 = 12;

/** First packed row of step `s`; steps are `begins[s] .. begins[s + 1] - 1`. */
// @ts-ignore: decorator
@inline
function beginOf(begins: usize, s: i32): i32 {
  return load<i32>(begins + (<usize>s << 2));
}

/** Sequences of the task that have a token at step `s`. */
function rowsAt(begins: usize, s: i32, first: i32): i32 {
  return min(ROWS, beginOf(begins, s + 1) - beginOf(begins, s) - first);
}

/**
 * C [rows, n] = init + A [rows, k] B, B packed in panels of eight columns. The last rows are read from a copy. Whole
 * panels of `init` are read: up to seven floats past its rows, which must be there.
 */
function product(
  a: usize, rows: i32, k: i32, b: usize, n: i32, init: usize, initStride: usize, c: usize, spare: usize,
): void {
  const aStride = <usize>k << 2, cStride = <usize>n << 2, panel = <usize>k << 5;
  const whole = rows - rows % 6;
  // Six rows are always read: those that are not there must not be another task's.
  for (let i = whole; i < rows; i++) copyFloats(spare + <usize>(i - whole) * aStride, a + <usize>i * aStride, aStride);
  for (let j = 0; j < n; j += 16) {
    const bp = b + <usize>(j >> 3) * panel, columns = min(16, n - j), at = <usize>j << 2;
    for (let i = 0; i < rows; i += 6) {
      const from = i < whole ? a + <usize>i * aStride : spare;
      const row = <usize>i;
      tileRowsFrom(
        k, from, aStride, bp, panel, 32, init + row * initStride + at, initStride, c + row * cStride + at, cStride,
        min(6, rows - i), columns, scratch,
      );
    }
  }
}

/** `n` floats (1..4). */
// @ts-ignore: decorator
@inline
function get(p: usize, n: i32): v128 {
  return n == 4 ? v128.load(p) : loadPart(p, n);
}

// @ts-ignore: decorator
@inline
function put(p: usize, x: v128, n: i32): void {
  if (n == 4) v128.store(p, x);
  else storePart(p, x, n);
}

// `bytes` is the length of a row of the state; x, sums and gates hold several rows one after the other.
// @ts-ignore: decorator
@inline
function cell(x: usize, sums: usize, before: usize, state: usize, gates: usize, bytes: usize, n: i32): void {
  const r = sigmoid4(f32x4.add(get(x, n), get(sums, n)));
  const z = sigmoid4(f32x4.add(get(x + bytes, n), get(sums + bytes, n)));
  const inner = get(sums + 2 * bytes, n);
  const candidate = tanh4(madd(r, inner, get(x + 2 * bytes, n)));
  put(state, madd(z, f32x4.sub(get(before, n), candidate), candidate), n);
  put(gates, r, n);
  put(gates + bytes, z, n);
  put(gates + 2 * bytes, candidate, n);
  put(gates + 3 * bytes, inner, n);
}

/**
 * args: `slots/recurrence.ts`
 */
export function recurrentForward(args: usize, task: i32): void {
  const steps = int(args, RECURRENCE.STEPS), e = int(args, RECURRENCE.WIDTH);
  // Tasks are taken from the end; the first sequences are the longest.
  const first = (int(args, RECURRENCE.TASKS) - 1 - task) * ROWS;
  const begins = ptr(args, RECURRENCE.BEGINS), states = ptr(args, RECURRENCE.STATES);
  const initial = ptr(args, RECURRENCE.INITIAL);
  const bytes = <usize>e << 2;
  const spare = after(scratch, TILE_BYTES), sums = after(spare, 6 * bytes), zeros = after(sums, <usize>ROWS * 3 * bytes);
  // A product reads whole panels of it.
  const bias = after(zeros, bytes);
  after(bias, 3 * bytes + 32);
  memory.fill(zeros, 0, bytes);
  copyFloats(bias, ptr(args, RECURRENCE.BIAS), 3 * bytes);
  memory.fill(bias + 3 * bytes, 0, 32);
  let before = zeros, beforeStride: usize = 0;
  if (initial != 0) {
    before = initial + <usize>first * bytes;
    beforeStride = bytes;
  }
  let sum = bias, sumStride: usize = 0;
  for (let s = 0; s < steps; s++) {
    const rows = rowsAt(begins, s, first);
    if (rows <= 0) return;
    if (beforeStride > 0) {
      product(before, rows, e, ptr(args, RECURRENCE.PACKED), 3 * e, bias, 0, sums, spare);
      sum = sums;
      sumStride = 3 * bytes;
    }
    const at = <usize>(beginOf(begins, s) + first);
    for (let i = 0; i < rows; i++) {
      const t = at + <usize>i;
      const x = ptr(args, RECURRENCE.X) + t * 3 * bytes, a = sum + <usize>i * sumStride, h = before + <usize>i * beforeStride;
      const state = states + t * bytes, gates = ptr(args, RECURRENCE.GATES) + t * 4 * bytes;
      let o: usize = 0;
      for (; o + 16 <= bytes; o += 16) cell(x + o, a + o, h + o, state + o, gates + o, bytes, 4);
      if (o < bytes) cell(x + o, a + o, h + o, state + o, gates + o, bytes, <i32>(bytes - o) >> 2);
    }
    before = states + at * bytes;
    beforeStride = bytes;
  }
}

// @ts-ignore: decorator
@inline
function cellGrad(
  dy: usize, carry: usize, gates: usize, before: usize, dx: usize, dInner: usize, keep: usize, bytes: usize, n: i32,
): void {
  const one = one4();
  const dh = f32x4.add(get(dy, n), get(carry, n));
  const r = get(gates, n), z = get(gates + bytes, n), candidate = get(gates + 2 * bytes, n);
  const dCandidate = f32x4.mul(
    dh, f32x4.mul(f32x4.sub(one, z), f32x4.sub(one, f32x4.mul(candidate, candidate))),
  );
  const slope = f32x4.mul(z, f32x4.sub(one, z));
  const dz = f32x4.mul(dh, f32x4.mul(f32x4.sub(get(before, n), candidate), slope));
  const dr = f32x4.mul(f32x4.mul(dCandidate, get(gates + 3 * bytes, n)), f32x4.mul(r, f32x4.sub(one, r)));
  put(dx, dr, n);
  put(dx + bytes, dz, n);
  put(dx + 2 * bytes, dCandidate, n);
  put(dInner, dr, n);
  put(dInner + bytes, dz, n);
  put(dInner + 2 * bytes, f32x4.mul(dCandidate, r), n);
  put(keep, f32x4.mul(dh, z), n);
}

/**
 * args: `slots/recurrence-grad.ts`
 */
export function recurrentBackward(args: usize, task: i32): void {
  const e = int(args, RECURRENCE_GRAD.WIDTH);
  const first = (int(args, RECURRENCE_GRAD.TASKS) - 1 - task) * ROWS;
  const begins = ptr(args, RECURRENCE_GRAD.BEGINS);
  const bytes = <usize>e << 2;
  // Products start from the carry, of which they read whole panels.
  const spare = after(scratch, TILE_BYTES), carry = after(spare, 18 * bytes), zeros = after(carry, <usize>ROWS * bytes + 32);
  after(zeros, bytes);
  memory.fill(zeros, 0, bytes);
  let steps = int(args, RECURRENCE_GRAD.STEPS), alive = 0;
  while (steps > 0 && rowsAt(begins, steps - 1, first) <= 0) steps--;
  for (let s = steps - 1; s >= 0; s--) {
    const rows = rowsAt(begins, s, first);
    const at = <usize>(beginOf(begins, s) + first);
    const before = s > 0 ? ptr(args, RECURRENCE_GRAD.STATES) + <usize>(beginOf(begins, s - 1) + first) * bytes : zeros;
    for (let i = 0; i < rows; i++) {
      const row = <usize>i, t = at + row;
      const keep = carry + row * bytes, kept = i < alive ? keep : zeros;
      const dy = ptr(args, RECURRENCE_GRAD.DY) + t * bytes, gates = ptr(args, RECURRENCE_GRAD.GATES) + t * 4 * bytes;
      const h = s > 0 ? before + row * bytes : zeros;
      const dx = ptr(args, RECURRENCE_GRAD.DX) + t * 3 * bytes, dInner = ptr(args, RECURRENCE_GRAD.D_INNER) + t * 3 * bytes;
      let o: usize = 0;
      for (; o + 16 <= bytes; o += 16) cellGrad(dy + o, kept + o, gates + o, h + o, dx + o, dInner + o, keep + o, bytes, 4);
      if (o < bytes) {
        const left = <i32>(bytes - o) >> 2;
        cellGrad(dy + o, kept + o, gates + o, h + o, dx + o, dInner + o, keep + o, bytes, left);
      }
    }
    alive = rows;
    if (s > 0) product(ptr(args, RECURRENCE_GRAD.D_INNER) + at * 3 * bytes, rows, 3 * e, ptr(args, RECURRENCE_GRAD.PACKED), e, carry, bytes, carry, spare);
  }
}
