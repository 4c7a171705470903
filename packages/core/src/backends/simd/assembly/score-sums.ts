// log sum_n exp(q_p . c_n + bias_n + mask_pn) and its gradients: scores exist as a block of queries by items in a
// thread's cache, [P, N] never does.
//
// Forward, a task has some queries, goes over all items a block at a time and keeps for each query the largest score so
// far, the sum of exp(score - largest) and, where a gradient will be taken, the sum of items that this weighs: an
// online softmax, as in attention, whose values are the items. Backward, a task has a block of items: it makes the
// scores again, of a block of queries at a time, and adds weights^T queries.
//
// Tiles are whole, 6 x 16: rows past the queries are zeros, columns past the items and past D are made and left alone.
// A native library makes a block whole, of the items as they lie; its blocks are larger, since it packs both sides.
//
// args: `slots/score-sums.ts` and of each kernel `slots/score-sums-{forward,gradient}.ts`
import * as SCORE_SUMS from '../slots/score-sums';
import * as SCORE_SUMS_FORWARD from '../slots/score-sums-forward';
import * as SCORE_SUMS_GRADIENT from '../slots/score-sums-gradient';
import { copyFloats, int, madd, maxLanes, ptr, scratch, sumLanes } from './env';
import { addByLibrary, addRowsByLibrary, LIBRARY, rowsByLibrary } from './library';
import { BOTTOM_X, constants, expNegative1, F1, F2, F3, F4, F5, log1, LOG2E, ONE, power, SHIFTER } from './math';
import { ZEROS } from './micro';
import { after } from './regions';
import { TILE_BYTES, tileColumns, tileRows } from './tile';

/** Items of a block of scores: tiles of sixteen columns, and of six rows in the gradient of the items. */
const ITEM_BLOCK: i32 = 96;
/** Queries of a block of scores: tiles of six rows. */
const QUERY_BLOCK: i32 = 96;
/** Items of a block where a native library multiplies. */
const LIBRARY_ITEM_BLOCK: i32 = 384;
/** Queries of a block there. */
const LIBRARY_QUERY_BLOCK: i32 = 192;

/** Bytes of a row of `d` floats in tiles of sixteen columns. */
// @ts-ignore: decorator
@inline
function tileRow(d: i32): usize {
  return <usize>((d + 15) & ~15) << 2;
}

/** The last rows of a block that do not fill a tile, with zeros below them; the address of the copy. */
function copyRest(from: usize, row: usize, rows: i32, to: usize): void {
  const rest = <usize>(rows % 6) * row;
  memory.copy(to, from + <usize>(rows - (rows % 6)) * row, rest);
  memory.fill(to + rest, 0, 6 * row - rest);
}

/**
 * Scores of `rows` queries, the last of them from `rest`, with the block of items from `item` on, in rows `line` bytes
 * apart.
 */
function scoreBlock(
  args: usize, library: bool, queries: usize, rest: usize, rows: i32, item: i32, columns: i32, scores: usize, line: usize, buffer: usize,
): void {
  const d = int(args, SCORE_SUMS.D);
  const row = <usize>d << 2, panel = <usize>d << 5;
  const packed = ptr(args, SCORE_SUMS.PACKED) + <usize>item * row;
  const bias = ptr(args, SCORE_SUMS.BIAS);
  if (LIBRARY && library) {
    rowsByLibrary(rows, d, columns, queries, row, packed, true, bias ? bias + (<usize>item << 2) : 0, scores, line);
    return;
  }
  for (let i = 0; i < rows; i += 6) {
    const a = i + 6 <= rows ? queries + <usize>i * row : rest;
    const to = scores + <usize>i * line;
    for (let j = 0; j < columns; j += 16) {
      const init = bias ? bias + (<usize>(item + j) << 2) : ZEROS;
      tileRows(d, a, row, packed + <usize>(j >> 3) * panel, panel, 32, init, 0, to + (<usize>j << 2), line, 6, 16, buffer);
    }
  }
}

/** Adds the mask of its group to each row of a block of scores. */
function addMask(args: usize, query: usize, rows: i32, item: i32, columns: i32, scores: usize, line: usize): void {
  const mask = ptr(args, SCORE_SUMS.MASK);
  if (!mask) return;
  const groups = ptr(args, SCORE_SUMS.GROUPS), row = ptr(args, SCORE_SUMS.ITEM_COUNT) << 2;
  const bytes = <usize>columns << 2;
  for (let i: usize = 0; i < <usize>rows; i++) {
    const from = mask + <usize>load<u32>(groups + (query + i << 2)) * row + (<usize>item << 2), to = scores + i * line;
    for (let j: usize = 0; j < bytes; j += 32) {
      const a = f32x4.add(v128.load(to + j), v128.load(from + j)), b = f32x4.add(v128.load(to + j, 16), v128.load(from + j, 16));
      v128.store(to + j, b, 16); v128.store(to + j, a);
    }
  }
}

/** The largest of `bytes` (a multiple of 32) of floats and of `top`. */
// @ts-ignore: decorator
@inline
function largest(at: usize, bytes: usize, top: f32, fold: usize): f32 {
  let m0 = f32x4.splat(top), m1 = m0;
  for (let j: usize = 0; j < bytes; j += 32) {
    m0 = f32x4.pmax(m0, v128.load(at + j)); m1 = f32x4.pmax(m1, v128.load(at + j, 16));
  }
  v128.store(fold, m1, 16); v128.store(fold, m0);
  return maxLanes(f32x4.pmax(v128.load(fold), v128.load(fold, 16)));
}

/**
 * x -> factor exp(x - shift) for `bytes` (a multiple of 32) of floats, where x - shift is at most about 0; 0 where it
 * is below -87. The eight sums at `sums` take the results in.
 */
// @ts-ignore: decorator
@inline
function weigh(at: usize, bytes: usize, shift: f32, factor: f32, sums: usize): void {
  const t = constants;
  const by = f32x4.splat(shift), times = f32x4.splat(factor), bottom = v128.load32_splat(t, BOTTOM_X << 2);
  const log2e = v128.load32_splat(t, LOG2E << 2), shifter = v128.load32_splat(t, SHIFTER << 2);
  const f5 = v128.load32_splat(t, F5 << 2), f4 = v128.load32_splat(t, F4 << 2), f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2), f1 = v128.load32_splat(t, F1 << 2), one = v128.load32_splat(t, ONE << 2);
  let s0 = v128.load(sums), s1 = v128.load(sums, 16);
  for (let j: usize = 0; j < bytes; j += 32) {
    const d0 = f32x4.sub(v128.load(at + j), by), d1 = f32x4.sub(v128.load(at + j, 16), by);
    let x0 = f32x4.pmax(d0, bottom), x1 = f32x4.pmax(d1, bottom);
    const e0 = madd(x0, log2e, shifter), e1 = madd(x1, log2e, shifter);
    x0 = madd(x0, log2e, f32x4.sub(shifter, e0)); x1 = madd(x1, log2e, f32x4.sub(shifter, e1));
    let p0 = f32x4.mul(power(x0, f5, f4, f3, f2, f1, one), i32x4.shl(e0, 23));
    let p1 = f32x4.mul(power(x1, f5, f4, f3, f2, f1, one), i32x4.shl(e1, 23));
    p0 = v128.andnot(p0, f32x4.lt(d0, bottom)); p1 = v128.andnot(p1, f32x4.lt(d1, bottom));
    p0 = f32x4.mul(p0, times); p1 = f32x4.mul(p1, times);
    v128.store(at + j, p1, 16); v128.store(at + j, p0);
    s0 = f32x4.add(s0, p0); s1 = f32x4.add(s1, p1);
  }
  v128.store(sums, s1, 16); v128.store(sums, s0);
}

/** Multiplies `bytes` of floats. */
// @ts-ignore: decorator
@inline
function scale(to: usize, from: usize, factor: f32, bytes: usize): void {
  const f = f32x4.splat(factor);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a = f32x4.mul(f, v128.load(from + i)), b = f32x4.mul(f, v128.load(from + i, 16));
    v128.store(to + i, b, 16); v128.store(to + i, a);
  }
  for (; i < bytes; i += 4) store<f32>(to + i, factor * load<f32>(from + i));
}

/** One task: the sums of PER_TASK queries. */
export function scoreSums(args: usize, task: i32): void {
  const d = int(args, SCORE_SUMS.D), n = int(args, SCORE_SUMS.ITEM_COUNT), perTask = int(args, SCORE_SUMS.PER_TASK);
  const library = LIBRARY && int(args, SCORE_SUMS.LIBRARY) != 0;
  const block = library ? LIBRARY_ITEM_BLOCK : ITEM_BLOCK, line = <usize>block << 2;
  const first = task * perTask;
  const rows = min(perTask, int(args, SCORE_SUMS.ROWS) - first), tiled = <usize>((rows + 5) / 6 * 6);
  const row = <usize>d << 2, wideRow = tileRow(d);
  const queries = ptr(args, SCORE_SUMS.QUERIES) + <usize>first * row;
  const directions = ptr(args, SCORE_SUMS_FORWARD.DIRECTIONS);
  const buffer = scratch, scores = after(buffer, TILE_BYTES);
  const rest = after(scores, tiled * line);
  const tops = after(rest, 6 * row), sums = after(tops, tiled << 2);
  const weighted = after(sums, tiled << 5);
  after(weighted, directions ? tiled * wideRow : 0);
  if (rows % 6) copyRest(queries, row, rows, rest);
  for (let i: usize = 0; i < tiled; i++) store<f32>(tops + (i << 2), -Infinity);
  memory.fill(sums, 0, tiled << 5);
  if (directions) memory.fill(weighted, 0, tiled * wideRow);
  for (let item = 0; item < n; item += block) {
    const count = min(block, n - item), columns = (count + 7) & ~7;
    scoreBlock(args, library, queries, rest, rows, item, count, scores, line, buffer);
    addMask(args, first, rows, item, columns, scores, line);
    for (let i: usize = 0; i < <usize>rows; i++) {
      const at = scores + i * line;
      for (let j = count; j < columns; j++) store<f32>(at + (<usize>j << 2), -Infinity);
      const before = load<f32>(tops + (i << 2));
      const top = largest(at, <usize>columns << 2, before, buffer);
      if (top > before) {
        const factor = expNegative1(before - top);
        store<f32>(tops + (i << 2), top);
        scale(sums + (i << 5), sums + (i << 5), factor, 32);
        if (directions) scale(weighted + i * wideRow, weighted + i * wideRow, factor, wideRow);
      }
      // Nothing but scores of -Infinity so far: they weigh 0.
      weigh(at, <usize>columns << 2, top == -Infinity ? 0 : top, 1, sums + (i << 5));
    }
    if (directions) {
      const items = ptr(args, SCORE_SUMS.ITEMS) + <usize>item * row;
      if (library) addRowsByLibrary(rows, count, d, scores, line, items, row, weighted, wideRow);
      else for (let i: usize = 0; i < tiled; i += 6) {
        for (let j = 0; j < d; j += 16) {
          const c = weighted + i * wideRow + (<usize>j << 2);
          tileRows(count, scores + i * line, line, items + (<usize>j << 2), 32, row, c, wideRow, c, wideRow, 6, 16, buffer);
        }
      }
    }
  }
  for (let i: usize = 0; i < <usize>rows; i++) {
    const s = sums + (i << 5);
    const sum = sumLanes(f32x4.add(v128.load(s), v128.load(s, 16)));
    store<f32>(ptr(args, SCORE_SUMS.LOG_SUM_EXP) + (<usize>first + i << 2), load<f32>(tops + (i << 2)) + log1(sum));
    if (directions) scale(directions + (<usize>first + i) * row, weighted + i * wideRow, 1 / sum, row);
  }
}

/** One task: the gradient of a block of items by a slice of the queries. */
export function scoreSumsGrad(args: usize, task: i32): void {
  const d = int(args, SCORE_SUMS.D), n = int(args, SCORE_SUMS.ITEM_COUNT), slices = int(args, SCORE_SUMS_GRADIENT.SLICES);
  const library = LIBRARY && int(args, SCORE_SUMS.LIBRARY) != 0;
  const block = library ? LIBRARY_ITEM_BLOCK : ITEM_BLOCK, line = <usize>block << 2;
  const queryBlock = library ? LIBRARY_QUERY_BLOCK : QUERY_BLOCK;
  const slice = task % slices, item = task / slices * block;
  const begin = slice * int(args, SCORE_SUMS.PER_TASK);
  const end = min(begin + int(args, SCORE_SUMS.PER_TASK), int(args, SCORE_SUMS.ROWS));
  const count = min(block, n - item), columns = (count + 7) & ~7;
  const row = <usize>d << 2, wideRow = tileRow(d);
  const buffer = scratch, scores = after(buffer, TILE_BYTES);
  const rest = after(scores, <usize>queryBlock * line);
  const sums = after(rest, 6 * row), weighted = after(sums, 32);
  after(weighted, <usize>block * wideRow);
  memory.fill(weighted, 0, <usize>block * wideRow);
  memory.fill(sums, 0, 32);
  for (let first = begin; first < end; first += queryBlock) {
    const rows = min(queryBlock, end - first);
    const queries = ptr(args, SCORE_SUMS.QUERIES) + <usize>first * row;
    if (rows % 6) copyRest(queries, row, rows, rest);
    scoreBlock(args, library, queries, rest, rows, item, count, scores, line, buffer);
    addMask(args, first, rows, item, columns, scores, line);
    for (let i: usize = 0; i < <usize>rows; i++) {
      const q = <usize>first + i << 2;
      weigh(scores + i * line, <usize>columns << 2, load<f32>(ptr(args, SCORE_SUMS.LOG_SUM_EXP) + q), load<f32>(ptr(args, SCORE_SUMS_GRADIENT.D_SUMS) + q), sums);
    }
    if (library) addByLibrary(rows, count, d, scores, line, queries, row, weighted, wideRow);
    else for (let i: usize = 0; i < <usize>count; i += 6) {
      for (let j = 0; j < d; j += 16) {
        const c = weighted + i * wideRow + (<usize>j << 2);
        tileColumns(rows, scores + (i << 2), line, queries + (<usize>j << 2), 32, row, c, wideRow, c, wideRow, 6, 16, buffer);
      }
    }
  }
  const out = ptr(args, SCORE_SUMS_GRADIENT.D_ITEMS) + (<usize>slice * <usize>n + <usize>item) * row;
  for (let i: usize = 0; i < <usize>count; i++) copyFloats(out + i * row, weighted + i * wideRow, row);
}
