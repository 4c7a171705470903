// Comparisons, logic and selection. A truth value is one byte, 0 or 1, as TensorFlow.js stores it.
import * as BINARY from '../slots/binary';
import * as CLIP from '../slots/clip';
import * as LOGICAL from '../slots/logical';
import * as SELECT from '../slots/select';
import * as TO_FLOAT from '../slots/to-float';
import { flt, int, loadPart, ptr, storePart } from './env';

// @ts-ignore: decorator
@inline
function compare4(op: i32, a: v128, b: v128): v128 {
  switch (op) {
    case 0: return f32x4.eq(a, b);
    case 1: return f32x4.ne(a, b);
    case 2: return f32x4.gt(a, b);
    case 3: return f32x4.ge(a, b);
    case 4: return f32x4.lt(a, b);
    default: return f32x4.le(a, b);
  }
}

// @ts-ignore: decorator
@inline
function compareLoop(op: i32, a: usize, b: usize, y: usize, n: i32, aFixed: bool, bFixed: bool): void {
  const aOnce = v128.load32_splat(a), bOnce = v128.load32_splat(b);
  const ones = i8x16.splat(1);
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const m0 = compare4(op, aFixed ? aOnce : v128.load(a), bFixed ? bOnce : v128.load(b));
    const m1 = compare4(op, aFixed ? aOnce : v128.load(a, 16), bFixed ? bOnce : v128.load(b, 16));
    const m2 = compare4(op, aFixed ? aOnce : v128.load(a, 32), bFixed ? bOnce : v128.load(b, 32));
    const m3 = compare4(op, aFixed ? aOnce : v128.load(a, 48), bFixed ? bOnce : v128.load(b, 48));
    const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3));
    v128.store(y, v128.and(bytes, ones));
    if (!aFixed) a += 64;
    if (!bFixed) b += 64;
    y += 16;
  }
  for (; i < n; i++) {
    const mask = compare4(op, v128.load32_splat(a), v128.load32_splat(b));
    store<u8>(y, i32x4.extract_lane(mask, 0) & 1);
    if (!aFixed) a += 4;
    if (!bFixed) b += 4;
    y++;
  }
}

// @ts-ignore: decorator
@inline
function compareSpan(op: i32, a: usize, b: usize, y: usize, n: i32, aFixed: bool, bFixed: bool): void {
  if (aFixed) compareLoop(op, a, b, y, n, true, false);
  else if (bFixed) compareLoop(op, a, b, y, n, false, true);
  else compareLoop(op, a, b, y, n, false, false);
}

/**
 * Compares floats: op 0 equal, 1 not equal, 2 greater, 3 greater or equal, 4 less, 5 less or equal.
 * args: `slots/binary.ts`
 */
export function compare(args: usize, task: i32): void {
  const begin = task * int(args, BINARY.PER_TASK);
  const n = min(int(args, BINARY.PER_TASK), int(args, BINARY.N) - begin);
  const o = <usize>begin << 2;
  const aFixed = int(args, BINARY.A_FIXED) != 0, bFixed = int(args, BINARY.B_FIXED) != 0;
  const a = ptr(args, BINARY.A) + (aFixed ? 0 : o), b = ptr(args, BINARY.B) + (bFixed ? 0 : o);
  const y = ptr(args, BINARY.Y) + <usize>begin;
  switch (int(args, BINARY.OP)) {
    case 0: compareSpan(0, a, b, y, n, aFixed, bFixed); break;
    case 1: compareSpan(1, a, b, y, n, aFixed, bFixed); break;
    case 2: compareSpan(2, a, b, y, n, aFixed, bFixed); break;
    case 3: compareSpan(3, a, b, y, n, aFixed, bFixed); break;
    case 4: compareSpan(4, a, b, y, n, aFixed, bFixed); break;
    default: compareSpan(5, a, b, y, n, aFixed, bFixed); break;
  }
}

/** Truth values: op 0 and, 1 or, 2 not (b unused). args: `slots/logical.ts` */
export function logical(args: usize, task: i32): void {
  const begin = task * int(args, LOGICAL.PER_TASK);
  const n = min(int(args, LOGICAL.PER_TASK), int(args, LOGICAL.N) - begin);
  const op = int(args, LOGICAL.OP);
  const o = <usize>begin;
  let a = ptr(args, LOGICAL.A) + o, b = ptr(args, LOGICAL.B) + o, y = ptr(args, LOGICAL.Y) + o;
  const ones = i8x16.splat(1);
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const p = v128.load(a), q = v128.load(b);
    v128.store(y, op == 0 ? v128.and(p, q) : op == 1 ? v128.or(p, q) : v128.xor(p, ones));
    a += 16;
    b += 16;
    y += 16;
  }
  for (; i < n; i++) {
    const p = load<u8>(a++), q = load<u8>(b++);
    store<u8>(y++, op == 0 ? p & q : op == 1 ? p | q : p ^ 1);
  }
}

/** y = condition ? t : e for elements of four bytes. args: `slots/select.ts` */
export function select(args: usize, task: i32): void {
  const begin = task * int(args, SELECT.PER_TASK);
  const n = min(int(args, SELECT.PER_TASK), int(args, SELECT.N) - begin);
  const o = <usize>begin << 2;
  let c = ptr(args, SELECT.CONDITION) + <usize>begin, t = ptr(args, SELECT.T) + o, e = ptr(args, SELECT.E) + o, y = ptr(args, SELECT.Y) + o;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    // Bytes 0 and 1 become masks of zeros and ones: 0 - x.
    const wide = i16x8.neg(v128.load8x8_u(c));
    const lower = v128.bitselect(v128.load(t), v128.load(e), i32x4.extend_low_i16x8_s(wide));
    const upper = v128.bitselect(v128.load(t, 16), v128.load(e, 16), i32x4.extend_high_i16x8_s(wide));
    v128.store(y, upper, 16); v128.store(y, lower);
    c += 8;
    t += 32;
    e += 32;
    y += 32;
  }
  for (; i < n; i++) {
    store<u32>(y, load<u8>(c++) ? load<u32>(t) : load<u32>(e));
    t += 4;
    e += 4;
    y += 4;
  }
}

/** Between two bounds; NaN stays NaN. args: `slots/clip.ts` */
export function clip(args: usize, task: i32): void {
  const begin = task * int(args, CLIP.PER_TASK);
  const n = min(int(args, CLIP.PER_TASK), int(args, CLIP.N) - begin);
  let x = ptr(args, CLIP.X) + (<usize>begin << 2), y = ptr(args, CLIP.Y) + (<usize>begin << 2);
  const low = f32x4.splat(flt(args, CLIP.MINIMUM)), high = f32x4.splat(flt(args, CLIP.MAXIMUM));
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const lower = f32x4.pmax(f32x4.pmin(v128.load(x), high), low);
    const upper = f32x4.pmax(f32x4.pmin(v128.load(x, 16), high), low);
    v128.store(y, upper, 16); v128.store(y, lower);
    x += 32;
    y += 32;
  }
  for (; i < n; i += 4) {
    const left = min(4, n - i);
    const part = left == 4 ? v128.load(x) : loadPart(x, left);
    const z = f32x4.pmax(f32x4.pmin(part, high), low);
    if (left == 4) v128.store(y, z);
    else storePart(y, z, left);
    x += 16;
    y += 16;
  }
}

/** Integers (op 0) or truth values (op 1) to floats. args: `slots/to-float.ts` */
export function toFloat(args: usize, task: i32): void {
  const begin = task * int(args, TO_FLOAT.PER_TASK);
  const n = min(int(args, TO_FLOAT.PER_TASK), int(args, TO_FLOAT.N) - begin);
  const bytes = int(args, TO_FLOAT.OP) != 0;
  let x = ptr(args, TO_FLOAT.X) + (<usize>begin << (bytes ? 0 : 2)), y = ptr(args, TO_FLOAT.Y) + (<usize>begin << 2);
  let i = 0;
  if (bytes) {
    for (; i + 4 <= n; i += 4) {
      const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x)));
      v128.store(y, f32x4.convert_i32x4_s(wide));
      x += 4;
      y += 16;
    }
    for (; i < n; i++) {
      store<f32>(y, <f32>load<u8>(x++));
      y += 4;
    }
  } else {
    for (; i + 4 <= n; i += 4) {
      v128.store(y, f32x4.convert_i32x4_s(v128.load(x)));
      x += 16;
      y += 16;
    }
    for (; i < n; i++) {
      store<f32>(y, <f32>load<i32>(x));
      x += 4;
      y += 4;
    }
  }
}
