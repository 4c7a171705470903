// Reductions over the last or the first axis, in an order that the shapes alone decide.
import * as REDUCE_FIRST from '../slots/reduce-first';
import * as ROW_OP from '../slots/row-op';
import * as SUM_PARTS from '../slots/sum-parts';
import { int, loadPart, maxLanes, ptr, storePart, sumFloats, sumLanes } from './env';
import { expNegative1, expNegative4, log1 } from './math';

/** Rows are summed in pieces of 1,024 added pairwise, so that the error grows with the logarithm of the length. */
function sumLong(p: usize, n: i32): f32 {
  if (n <= 1024) return sumFloats(p, n);
  const half = ((n >> 1) + 1023) & ~1023;
  return sumLong(p, half) + sumLong(p + (<usize>half << 2), n - half);
}

function maxSpan(p: usize, n: i32): f32 {
  let m = load<f32>(p);
  let i = 0;
  if (n >= 4) {
    let v = v128.load(p);
    for (i = 4; i + 4 <= n; i += 4) v = f32x4.max(v, v128.load(p + (<usize>i << 2)));
    m = maxLanes(v);
  }
  for (; i < n; i++) m = max(m, load<f32>(p + (<usize>i << 2)));
  return m;
}

/** args: `slots/row-op.ts` */
export function reduceLast(args: usize, task: i32): void {
  const inner = int(args, ROW_OP.INNER);
  const begin = task * int(args, ROW_OP.PER_TASK);
  const end = min(begin + int(args, ROW_OP.PER_TASK), int(args, ROW_OP.ROWS));
  const op = int(args, ROW_OP.OP);
  for (let r = begin; r < end; r++) {
    const p = ptr(args, ROW_OP.X) + (<usize>r * <usize>inner << 2);
    store<f32>(ptr(args, ROW_OP.Y) + (<usize>r << 2), op ? maxSpan(p, inner) : sumLong(p, inner));
  }
}

/**
 * Column sums (or maxima) of a slice of rows, into one row of partial results per slice.
 * args: `slots/reduce-first.ts`
 * Task = batch * slices + slice; the partial rows of one batch entry lie together.
 */
export function reduceFirst(args: usize, task: i32): void {
  const op = int(args, REDUCE_FIRST.OP);
  const inner = int(args, REDUCE_FIRST.INNER);
  const slices = int(args, REDUCE_FIRST.SLICES);
  const batch = task / slices;
  const begin = (task % slices) * int(args, REDUCE_FIRST.SLICE_ROWS);
  const end = min(begin + int(args, REDUCE_FIRST.SLICE_ROWS), int(args, REDUCE_FIRST.ROWS));
  const row = <usize>inner << 2;
  const y = ptr(args, REDUCE_FIRST.Y) + <usize>task * row;
  const x = ptr(args, REDUCE_FIRST.X) + <usize>batch * ptr(args, REDUCE_FIRST.BATCH_BYTES);
  if (begin >= end) {
    memory.fill(y, 0, row);
    return;
  }
  memory.copy(y, x + <usize>begin * row, row);
  for (let r = begin + 1; r < end; r++) {
    let p = x + <usize>r * row;
    let q = y;
    let i = 0;
    for (; i + 8 <= inner; i += 8) {
      const lower = op ? f32x4.max(v128.load(q), v128.load(p)) : f32x4.add(v128.load(q), v128.load(p));
      const upper = op ? f32x4.max(v128.load(q, 16), v128.load(p, 16)) : f32x4.add(v128.load(q, 16), v128.load(p, 16));
      v128.store(q, upper, 16); v128.store(q, lower);
      p += 32;
      q += 32;
    }
    for (; i + 4 <= inner; i += 4) {
      v128.store(q, op ? f32x4.max(v128.load(q), v128.load(p)) : f32x4.add(v128.load(q), v128.load(p)));
      p += 16;
      q += 16;
    }
    if (i < inner) {
      const a = loadPart(q, inner - i), b = loadPart(p, inner - i);
      storePart(q, op ? f32x4.max(a, b) : f32x4.add(a, b), inner - i);
    }
  }
}

/**
 * y [rows, D] = the parts of x [parts, rows, W] added in order.
 * args: `slots/sum-parts.ts`
 */
export function sumParts(args: usize, task: i32): void {
  const parts = int(args, SUM_PARTS.PARTS), rows = int(args, SUM_PARTS.ROWS);
  const bytes = ptr(args, SUM_PARTS.COLUMNS) << 2, width = ptr(args, SUM_PARTS.STRIDE) << 2;
  const begin = task * int(args, SUM_PARTS.PER_TASK);
  const end = min(begin + int(args, SUM_PARTS.PER_TASK), rows);
  const part = <usize>rows * width;
  for (let r = <usize>begin; r < <usize>end; r++) {
    const x = ptr(args, SUM_PARTS.X) + r * width, y = ptr(args, SUM_PARTS.Y) + r * (ptr(args, SUM_PARTS.Y_STRIDE) << 2);
    let i: usize = 0;
    for (; i + 32 <= bytes; i += 32) {
      let a = v128.load(x + i), b = v128.load(x + i, 16);
      for (let k = 1, p = x + i + part; k < parts; k++, p += part) {
        a = f32x4.add(a, v128.load(p));
        b = f32x4.add(b, v128.load(p, 16));
      }
      v128.store(y + i, b, 16);
      v128.store(y + i, a);
    }
    for (; i < bytes; i += 4) {
      let a = load<f32>(x + i);
      for (let k = 1, p = x + i + part; k < parts; k++, p += part) a += load<f32>(p);
      store<f32>(y + i, a);
    }
  }
}

// @ts-ignore: decorator
@inline
function scaleRow(y: usize, n: i32, factor: f32): void {
  const s = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, f32x4.mul(v128.load(y), s));
    y += 16;
  }
  for (; i < n; i++) {
    store<f32>(y, load<f32>(y) * factor);
    y += 4;
  }
}

/** Softmax (op 0) or its logarithm (op 1) of each row. args: `slots/row-op.ts` */
export function softmaxRows(args: usize, task: i32): void {
  const n = int(args, ROW_OP.INNER);
  const begin = task * int(args, ROW_OP.PER_TASK);
  const end = min(begin + int(args, ROW_OP.PER_TASK), int(args, ROW_OP.ROWS));
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>n << 2;
    const x = ptr(args, ROW_OP.X) + o, y = ptr(args, ROW_OP.Y) + o;
    const top = maxSpan(x, n);
    const shift = f32x4.splat(top);
    let sums = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      const e = expNegative4(f32x4.sub(v128.load(x + (<usize>i << 2)), shift));
      v128.store(y + (<usize>i << 2), e);
      sums = f32x4.add(sums, e);
    }
    let sum = sumLanes(sums);
    for (; i < n; i++) {
      const e = expNegative1(load<f32>(x + (<usize>i << 2)) - top);
      store<f32>(y + (<usize>i << 2), e);
      sum += e;
    }
    if (int(args, ROW_OP.OP)) {
      const lse = log1(sum);
      for (let j: usize = 0; j < <usize>n << 2; j += 4) store<f32>(y + j, load<f32>(x + j) - top - lse);
    } else {
      const inverse: f32 = 1 / sum;
      scaleRow(y, n, inverse);
    }
  }
}
