// Elementwise arithmetic. A task is a fixed range of elements, so results do not depend on the number of threads.
import * as BINARY from '../slots/binary';
import * as BINARY_ROWS from '../slots/binary-rows';
import * as UNARY from '../slots/unary';
import { flt, int, loadPart, madd, ptr, storePart } from './env';
import { exp4, log4, sigmoid4, silu4, softplus4, tanh4 } from './math';

// @ts-ignore: decorator
@inline
function unary4(op: i32, x: v128, alpha: v128): v128 {
  switch (op) {
    case 0: return f32x4.neg(x);
    case 1: return f32x4.abs(x);
    // Relu; NaN stays NaN.
    case 2: return v128.bitselect(x, f32x4.splat(0), v128.or(f32x4.gt(x, f32x4.splat(0)), f32x4.ne(x, x)));
    case 3: return sigmoid4(x);
    case 4: return tanh4(x);
    case 5: return exp4(x);
    case 6: return log4(x);
    case 7: return f32x4.sqrt(x);
    case 8: return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
    case 9: return f32x4.mul(x, x);
    case 10: return silu4(x);
    case 11: return f32x4.div(f32x4.splat(1), x);
    // Step.
    case 12: return v128.bitselect(f32x4.splat(1), v128.bitselect(x, alpha, f32x4.ne(x, x)), f32x4.gt(x, f32x4.splat(0)));
    case 13: return v128.bitselect(x, f32x4.mul(x, alpha), f32x4.ge(x, f32x4.splat(0))); // leaky relu
    case 14: return f32x4.mul(x, alpha); // scale
    case 16: return f32x4.min(f32x4.max(x, f32x4.splat(0)), f32x4.splat(6)); // relu6
    case 17: return v128.bitselect(x, f32x4.sub(exp4(x), f32x4.splat(1)), f32x4.ge(x, f32x4.splat(0))); // elu
    case 18: return softplus4(x);
    default: return x;
  }
}

// One monomorphic loop per operation: the switch on `op` folds away in each instance.
// @ts-ignore: decorator
@inline
function unaryLoop(op: i32, x: usize, y: usize, n: i32, alpha: v128): void {
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const lower = unary4(op, v128.load(x), alpha), upper = unary4(op, v128.load(x, 16), alpha);
    v128.store(y, upper, 16); v128.store(y, lower);
    x += 32;
    y += 32;
  }
  if (i + 4 <= n) {
    v128.store(y, unary4(op, v128.load(x), alpha));
    x += 16;
    y += 16;
    i += 4;
  }
  if (i < n) {
    const part = loadPart(x, n - i);
    storePart(y, unary4(op, part, alpha), n - i);
  }
}

/** args: `slots/unary.ts` */
export function unary(args: usize, task: i32): void {
  const begin = task * int(args, UNARY.PER_TASK);
  const n = min(int(args, UNARY.PER_TASK), int(args, UNARY.N) - begin);
  unaryRow(int(args, UNARY.OP), ptr(args, UNARY.X) + (<usize>begin << 2), ptr(args, UNARY.Y) + (<usize>begin << 2), n, flt(args, UNARY.ALPHA));
}

/** y = op(x) for `n` floats; x may be y. */
export function unaryRow(op: i32, x: usize, y: usize, n: i32, factor: f32): void {
  const alpha = f32x4.splat(factor);
  switch (op) {
    case 0: unaryLoop(0, x, y, n, alpha); break;
    case 1: unaryLoop(1, x, y, n, alpha); break;
    case 2: unaryLoop(2, x, y, n, alpha); break;
    case 3: unaryLoop(3, x, y, n, alpha); break;
    case 4: unaryLoop(4, x, y, n, alpha); break;
    case 5: unaryLoop(5, x, y, n, alpha); break;
    case 6: unaryLoop(6, x, y, n, alpha); break;
    case 7: unaryLoop(7, x, y, n, alpha); break;
    case 8: unaryLoop(8, x, y, n, alpha); break;
    case 9: unaryLoop(9, x, y, n, alpha); break;
    case 10: unaryLoop(10, x, y, n, alpha); break;
    case 11: unaryLoop(11, x, y, n, alpha); break;
    case 12: unaryLoop(12, x, y, n, alpha); break;
    case 13: unaryLoop(13, x, y, n, alpha); break;
    case 14: unaryLoop(14, x, y, n, alpha); break;
    case 16: unaryLoop(16, x, y, n, alpha); break;
    case 17: unaryLoop(17, x, y, n, alpha); break;
    case 18: unaryLoop(18, x, y, n, alpha); break;
    default: break;
  }
}

// @ts-ignore: decorator
@inline
function binary4(op: i32, a: v128, b: v128): v128 {
  switch (op) {
    case 0: return f32x4.add(a, b);
    case 1: return f32x4.sub(a, b);
    case 2: return f32x4.mul(a, b);
    case 3: return f32x4.div(a, b);
    case 4: return f32x4.max(a, b);
    case 5: return f32x4.min(a, b);
    case 6: { // squared difference
      const d = f32x4.sub(a, b);
      return f32x4.mul(d, d);
    }
    case 7: { // silu gradient: a = x, b = dy
      const s = sigmoid4(a);
      return f32x4.mul(b, madd(f32x4.mul(a, s), f32x4.sub(f32x4.splat(1), s), s));
    }
    default: return a;
  }
}

/** `b` walks with `a` (flat), or is one value (scalar). */
// @ts-ignore: decorator
@inline
function binaryLoop(op: i32, a: usize, b: usize, y: usize, n: i32, aFixed: bool, bFixed: bool): void {
  const aOnce = v128.load32_splat(a), bOnce = v128.load32_splat(b);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const lower = binary4(op, aFixed ? aOnce : v128.load(a), bFixed ? bOnce : v128.load(b));
    const upper = binary4(op, aFixed ? aOnce : v128.load(a, 16), bFixed ? bOnce : v128.load(b, 16));
    v128.store(y, upper, 16); v128.store(y, lower);
    if (!aFixed) a += 32;
    if (!bFixed) b += 32;
    y += 32;
  }
  if (i + 4 <= n) {
    v128.store(y, binary4(op, aFixed ? aOnce : v128.load(a), bFixed ? bOnce : v128.load(b)));
    if (!aFixed) a += 16;
    if (!bFixed) b += 16;
    y += 16;
    i += 4;
  }
  if (i < n) {
    const left = n - i;
    storePart(y, binary4(op, aFixed ? aOnce : loadPart(a, left), bFixed ? bOnce : loadPart(b, left)), left);
  }
}

// @ts-ignore: decorator
@inline
function binaryRun(op: i32, a: usize, b: usize, y: usize, n: i32, aFixed: bool, bFixed: bool): void {
  if (aFixed) binaryLoop(op, a, b, y, n, true, false);
  else if (bFixed) binaryLoop(op, a, b, y, n, false, true);
  else binaryLoop(op, a, b, y, n, false, false);
}

function binarySpan(op: i32, a: usize, b: usize, y: usize, n: i32, aFixed: bool, bFixed: bool): void {
  switch (op) {
    case 0: binaryRun(0, a, b, y, n, aFixed, bFixed); break;
    case 1: binaryRun(1, a, b, y, n, aFixed, bFixed); break;
    case 2: binaryRun(2, a, b, y, n, aFixed, bFixed); break;
    case 3: binaryRun(3, a, b, y, n, aFixed, bFixed); break;
    case 4: binaryRun(4, a, b, y, n, aFixed, bFixed); break;
    case 5: binaryRun(5, a, b, y, n, aFixed, bFixed); break;
    case 6: binaryRun(6, a, b, y, n, aFixed, bFixed); break;
    case 7: binaryRun(7, a, b, y, n, aFixed, bFixed); break;
    default: break;
  }
}

/** Same shapes, or one side a single value. args: `slots/binary.ts` */
export function binaryFlat(args: usize, task: i32): void {
  const begin = task * int(args, BINARY.PER_TASK);
  const n = min(int(args, BINARY.PER_TASK), int(args, BINARY.N) - begin);
  const o = <usize>begin << 2;
  const aFixed = int(args, BINARY.A_FIXED) != 0, bFixed = int(args, BINARY.B_FIXED) != 0;
  binarySpan(int(args, BINARY.OP), ptr(args, BINARY.A) + (aFixed ? 0 : o), ptr(args, BINARY.B) + (bFixed ? 0 : o), ptr(args, BINARY.Y) + o, n, aFixed, bFixed);
}

/**
 * Rows of `inner` elements; each operand steps by its own row stride (bytes; 0 repeats the row) and is
 * either a row or one value.
 * args: `slots/binary-rows.ts`
 */
export function binaryRows(args: usize, task: i32): void {
  const op = int(args, BINARY_ROWS.OP);
  const inner = int(args, BINARY_ROWS.INNER);
  const begin = task * int(args, BINARY_ROWS.PER_TASK);
  const end = min(begin + int(args, BINARY_ROWS.PER_TASK), int(args, BINARY_ROWS.ROWS));
  const aStride = ptr(args, BINARY_ROWS.A_ROW_BYTES), bStride = ptr(args, BINARY_ROWS.B_ROW_BYTES);
  const aFixed = int(args, BINARY_ROWS.A_PER_ROW) != 0, bFixed = int(args, BINARY_ROWS.B_PER_ROW) != 0;
  const a = ptr(args, BINARY_ROWS.A), b = ptr(args, BINARY_ROWS.B), y = ptr(args, BINARY_ROWS.Y);
  for (let r = begin; r < end; r++) {
    binarySpan(op, a + <usize>r * aStride, b + <usize>r * bStride, y + (<usize>r * <usize>inner << 2), inner, aFixed, bFixed);
  }
}
