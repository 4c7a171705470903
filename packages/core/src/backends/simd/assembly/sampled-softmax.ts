// Sampled softmax over item ids. The [T, R, D] block of gathered negatives is never stored: rows of the item table are
// read where they lie, for the logits and at once, still in the first-level cache, for the gradient of the query. What
// stays for the backward pass are weights [T, Z]: e^(logit - largest), the positive's less their sum, which times a
// token's factor 1 / (sum temperature) are the gradients of its loss by its dot products.
// The gradient of a small item table is added up in strips of columns that fit a core's cache, that of a large one is
// summed by item over a sorted order (rows.ts). Rows are W floats apart, W a multiple of 8, zeros past D.
//
// args: `slots/sampled-softmax.ts` and of each kernel `slots/sampled-softmax-{loss,gradient,tables}.ts`
import * as SAMPLED_SOFTMAX from '../slots/sampled-softmax';
import * as SAMPLED_SOFTMAX_GRADIENT from '../slots/sampled-softmax-gradient';
import * as SAMPLED_SOFTMAX_LOSS from '../slots/sampled-softmax-loss';
import * as SAMPLED_SOFTMAX_TABLES from '../slots/sampled-softmax-tables';
import { copyFloats, flt, int, madd, ptr, scratch, sumLanes } from './env';
import { BOTTOM_X, constant, constants, F1, F2, F3, F4, F5, HIT, log1, LOG2E, ONE, power, SHIFTER } from './math';
import { after } from './regions';
import { addToRows, dotRows, foldDots, rowAddresses, weightedRows } from './table-rows';

/** The addresses of the R + 1 rows of token t at `rows`, the positive's first, then 0 up to Z. */
function findRows(args: usize, t: usize, rows: usize): void {
  const r = ptr(args, SAMPLED_SOFTMAX.R) << 2;
  const items = ptr(args, SAMPLED_SOFTMAX.ITEMS), row = ptr(args, SAMPLED_SOFTMAX.WIDTH) << 2, count = <u32>int(args, SAMPLED_SOFTMAX.ITEM_COUNT);
  const negatives = ptr(args, SAMPLED_SOFTMAX.NEGATIVES) + t * r;
  const positive = load<u32>(ptr(args, SAMPLED_SOFTMAX.POSITIVES) + (t << 2));
  // An id outside the table ends the job; the caller then looks for it and says which.
  if (positive >= count) unreachable();
  store<u32>(rows, <u32>items + positive * <u32>row);
  rowAddresses(negatives, r, items, row, count, rows + 4);
  for (let j = r + 4, end = ptr(args, SAMPLED_SOFTMAX.ENTRIES) << 2; j < end; j += 4) store<u32>(rows + j, 0);
}

/**
 * Logits of token t at `z`, the positive's first, -Infinity in the padding, and the largest of them. `rows` are the
 * addresses of its rows, `sums` has room for eight floats each.
 */
// @ts-ignore: decorator
@inline
function logits(args: usize, t: usize, z: usize, rows: usize, sums: usize): f32 {
  const r = ptr(args, SAMPLED_SOFTMAX.R) << 2, n = ptr(args, SAMPLED_SOFTMAX.ENTRIES) << 2;
  const row = ptr(args, SAMPLED_SOFTMAX.WIDTH) << 2;
  dotRows(ptr(args, SAMPLED_SOFTMAX.QUERIES) + t * row, row, rows, r + 4, sums);
  const scale = f32x4.splat(flt(args, SAMPLED_SOFTMAX_LOSS.SCALE));
  for (let j: usize = 0; j < n; j += 16) v128.store(z + j, f32x4.mul(foldDots(sums + (j << 3)), scale));
  for (let j = r + 4; j < n; j += 4) store<f32>(z + j, -Infinity);
  const logQ = ptr(args, SAMPLED_SOFTMAX.LOG_Q);
  if (logQ) {
    const negatives = ptr(args, SAMPLED_SOFTMAX.NEGATIVES) + t * r;
    store<f32>(z, load<f32>(z) - load<f32>(logQ + (<usize>load<u32>(ptr(args, SAMPLED_SOFTMAX.POSITIVES) + (t << 2)) << 2)));
    for (let j: usize = 0; j < r; j += 4) {
      store<f32>(z + j, load<f32>(z + j, 4) - load<f32>(logQ + (<usize>load<u32>(negatives + j) << 2)), 4);
    }
  }
  const z0 = load<f32>(z);
  const positive = v128.load32_splat(rows), hit = constant(HIT);
  let top0 = f32x4.splat(z0), top1 = top0;
  for (let j: usize = 0; j < n; j += 32) {
    const x0 = v128.bitselect(hit, v128.load(z + j), i32x4.eq(v128.load(rows + j), positive));
    const x1 = v128.bitselect(hit, v128.load(z + j, 16), i32x4.eq(v128.load(rows + j, 16), positive));
    v128.store(z + j, x1, 16); v128.store(z + j, x0);
    top0 = f32x4.pmax(top0, x0); top1 = f32x4.pmax(top1, x1);
  }
  store<f32>(z, z0);
  v128.store(sums, top1, 16); v128.store(sums, top0);
  const top = f32x4.pmax(v128.load(sums), v128.load(sums, 16));
  const half = f32x4.pmax(top, v128.shuffle<f32>(top, top, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(half, v128.shuffle<f32>(half, half, 1, 0, 3, 2)), 0);
}

/** z -> e^(z - top) for n bytes (a multiple of 32), and their sum; 0 below e^-87. */
// @ts-ignore: decorator
@inline
function exponentials(z: usize, n: usize, top: f32, sums: usize): f32 {
  const t = constants;
  const shift = f32x4.splat(top), bottom = v128.load32_splat(t, BOTTOM_X << 2);
  const log2e = v128.load32_splat(t, LOG2E << 2), shifter = v128.load32_splat(t, SHIFTER << 2);
  const f5 = v128.load32_splat(t, F5 << 2), f4 = v128.load32_splat(t, F4 << 2), f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2), f1 = v128.load32_splat(t, F1 << 2), one = v128.load32_splat(t, ONE << 2);
  let total0 = f32x4.splat(0), total1 = total0;
  for (let j: usize = 0; j < n; j += 32) {
    const d0 = f32x4.sub(v128.load(z + j), shift), d1 = f32x4.sub(v128.load(z + j, 16), shift);
    let x0 = f32x4.pmax(d0, bottom), x1 = f32x4.pmax(d1, bottom);
    const e0 = madd(x0, log2e, shifter), e1 = madd(x1, log2e, shifter);
    x0 = madd(x0, log2e, f32x4.sub(shifter, e0)); x1 = madd(x1, log2e, f32x4.sub(shifter, e1));
    let p0 = f32x4.mul(power(x0, f5, f4, f3, f2, f1, one), i32x4.shl(e0, 23));
    let p1 = f32x4.mul(power(x1, f5, f4, f3, f2, f1, one), i32x4.shl(e1, 23));
    p0 = v128.andnot(p0, f32x4.lt(d0, bottom)); p1 = v128.andnot(p1, f32x4.lt(d1, bottom));
    v128.store(z + j, p1, 16); v128.store(z + j, p0);
    total0 = f32x4.add(total0, p0); total1 = f32x4.add(total1, p1);
  }
  v128.store(sums, total1, 16); v128.store(sums, total0);
  return sumLanes(f32x4.add(v128.load(sums), v128.load(sums, 16)));
}

/** The ids of token t, the positive first, and ids of no item as padding. */
// @ts-ignore: decorator
@inline
function gatherIds(args: usize, t: usize, ids: usize): void {
  const r = ptr(args, SAMPLED_SOFTMAX.R) << 2;
  store<u32>(ids, load<u32>(ptr(args, SAMPLED_SOFTMAX.POSITIVES) + (t << 2)));
  copyFloats(ids + 4, ptr(args, SAMPLED_SOFTMAX.NEGATIVES) + t * r, r);
  for (let j = r + 4; j < ptr(args, SAMPLED_SOFTMAX.ENTRIES) << 2; j += 4) store<i32>(ids + j, -1);
}

export function sampledSoftmax(args: usize, task: i32): void {
  const begin = task * int(args, SAMPLED_SOFTMAX.PER_TASK);
  const end = min(begin + int(args, SAMPLED_SOFTMAX.PER_TASK), int(args, SAMPLED_SOFTMAX.TOKENS));
  const n = ptr(args, SAMPLED_SOFTMAX.ENTRIES) << 2;
  const row = ptr(args, SAMPLED_SOFTMAX.WIDTH) << 2, width = ptr(args, SAMPLED_SOFTMAX.D) << 2;
  const rows = scratch, sums = after(rows, n);
  after(sums, max(n << 3, row));
  for (let t = <usize>begin; t < <usize>end; t++) {
    const z = ptr(args, SAMPLED_SOFTMAX.WEIGHTS) + t * n;
    findRows(args, t, rows);
    const top = logits(args, t, z, rows, sums);
    const z0 = load<f32>(z);
    const sum = exponentials(z, n, top, sums);
    const lse = top + log1(sum);
    store<f32>(ptr(args, SAMPLED_SOFTMAX_LOSS.LOSS) + (t << 2), lse - z0);
    store<f32>(ptr(args, SAMPLED_SOFTMAX_LOSS.LOG_SUM_EXP) + (t << 2), lse);
    const factor = flt(args, SAMPLED_SOFTMAX_LOSS.SCALE) / sum;
    store<f32>(ptr(args, SAMPLED_SOFTMAX.FACTORS) + (t << 2), factor);
    store<f32>(z, load<f32>(z) - sum);
    weightedRows(row, rows, z, (ptr(args, SAMPLED_SOFTMAX.R) + 1) << 2, sums);
    scaleFloats(ptr(args, SAMPLED_SOFTMAX.DIRECTIONS) + t * width, sums, factor, width);
  }
}

/** dQueries and, for the sum over a sorted order, the ids and the coefficients of their rows. */
export function sampledSoftmaxGrad(args: usize, task: i32): void {
  const begin = task * int(args, SAMPLED_SOFTMAX.PER_TASK);
  const end = min(begin + int(args, SAMPLED_SOFTMAX.PER_TASK), int(args, SAMPLED_SOFTMAX.TOKENS));
  const n = ptr(args, SAMPLED_SOFTMAX.ENTRIES) << 2;
  const width = ptr(args, SAMPLED_SOFTMAX.D) << 2;
  for (let t = <usize>begin; t < <usize>end; t++) {
    const g = load<f32>(ptr(args, SAMPLED_SOFTMAX_GRADIENT.D_LOSS) + (t << 2));
    scaleFloats(ptr(args, SAMPLED_SOFTMAX_GRADIENT.D_QUERIES) + t * width, ptr(args, SAMPLED_SOFTMAX.DIRECTIONS) + t * width, g, width);
    if (ptr(args, SAMPLED_SOFTMAX_GRADIENT.IDS)) {
      gatherIds(args, t, ptr(args, SAMPLED_SOFTMAX_GRADIENT.IDS) + t * n);
      scaleFloats(ptr(args, SAMPLED_SOFTMAX_GRADIENT.COEFFICIENTS) + t * n, ptr(args, SAMPLED_SOFTMAX.WEIGHTS) + t * n, g * load<f32>(ptr(args, SAMPLED_SOFTMAX.FACTORS) + (t << 2)), n);
    }
  }
}

/**
 * One strip of columns of the item gradients of one group of tokens, added up in a table of its own that stays in a
 * core's cache. Tasks: the strips of the first group, those of the second, ...; tables: those of the first strip by
 * group, of the second, ...
 */
export function sampledSoftmaxItems(args: usize, task: i32): void {
  const columns = int(args, SAMPLED_SOFTMAX_TABLES.COLUMNS), strips = (int(args, SAMPLED_SOFTMAX.WIDTH) + columns - 1) / columns;
  const group = task / strips, first = (task - group * strips) * columns;
  const begin = group * int(args, SAMPLED_SOFTMAX.PER_TASK);
  const end = min(begin + int(args, SAMPLED_SOFTMAX.PER_TASK), int(args, SAMPLED_SOFTMAX.TOKENS));
  const n = ptr(args, SAMPLED_SOFTMAX.ENTRIES) << 2, row = ptr(args, SAMPLED_SOFTMAX.WIDTH) << 2, strip = <usize>min(columns, int(args, SAMPLED_SOFTMAX.WIDTH) - first) << 2;
  const negatives = ptr(args, SAMPLED_SOFTMAX.R) << 2;
  const size = ptr(args, SAMPLED_SOFTMAX.ITEM_COUNT) * strip;
  const table = ptr(args, SAMPLED_SOFTMAX_TABLES.TABLES) + <usize>(first << 2) * ptr(args, SAMPLED_SOFTMAX.ITEM_COUNT) * ptr(args, SAMPLED_SOFTMAX_TABLES.GROUPS) + <usize>group * size;
  const queries = ptr(args, SAMPLED_SOFTMAX.QUERIES) + <usize>(first << 2);
  memory.fill(table, 0, size);
  after(scratch, strip);
  for (let t = <usize>begin; t < <usize>end; t++) {
    const at = t << 2;
    const weights = ptr(args, SAMPLED_SOFTMAX.WEIGHTS) + t * n;
    scaleFloats(scratch, queries + t * row, load<f32>(ptr(args, SAMPLED_SOFTMAX_TABLES.D_LOSS) + at) * load<f32>(ptr(args, SAMPLED_SOFTMAX.FACTORS) + at), strip);
    addToRows(table, strip, ptr(args, SAMPLED_SOFTMAX.POSITIVES) + at, weights, 4, scratch);
    addToRows(table, strip, ptr(args, SAMPLED_SOFTMAX.NEGATIVES) + t * negatives, weights + 4, negatives, scratch);
  }
}

function scaleFloats(to: usize, from: usize, factor: f32, bytes: usize): void {
  const f = f32x4.splat(factor);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a = f32x4.mul(f, v128.load(from + i)), b = f32x4.mul(f, v128.load(from + i, 16));
    v128.store(to + i, b, 16); v128.store(to + i, a);
  }
  for (; i < bytes; i += 4) store<f32>(to + i, factor * load<f32>(from + i));
}
