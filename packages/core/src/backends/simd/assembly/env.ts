// What every kernel shares: the argument block, this thread's scratch memory, and fused multiply-add.

/** Start of this thread's scratch block; set once per instance by `setScratch`. */
export let scratch: usize = 0;

export function setScratch(address: usize): void {
  scratch = address;
}

/** Slot `i` of the argument block as an integer or an address. */
// @ts-ignore: decorator
@inline
export function int(args: usize, i: i32): i32 {
  return load<i32>(args + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
export function ptr(args: usize, i: i32): usize {
  return <usize>load<u32>(args + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
export function flt(args: usize, i: i32): f32 {
  return load<f32>(args + (<usize>i << 2));
}

/** `a * b + c`; one rounding with relaxed SIMD, two with plain SIMD. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return f32x4.relaxed_madd(a, b, c);
  } else {
    return f32x4.add(f32x4.mul(a, b), c);
  }
}

/**
 * Square root of one float. V8 encodes the scalar instruction as SSE has it; an Intel processor then saves the
 * upper halves of the 256-bit registers and restores them, which takes longer than the rest of a row's norm.
 * The build refuses `sqrt`.
 */
// @ts-ignore: decorator
@inline
export function squareRoot(x: f32): f32 {
  return f32x4.extract_lane(f32x4.sqrt(f32x4.splat(x)), 0);
}

/** Sum of the four lanes, in a fixed order. */
// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2) + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
}

// @ts-ignore: decorator
@inline
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 2)),
    max(f32x4.extract_lane(x, 1), f32x4.extract_lane(x, 3)),
  );
}

/** Loads `n` (1..3) floats into the low lanes, zeros above. */
// @ts-ignore: decorator
@inline
export function loadPart(p: usize, n: i32): v128 {
  let x = v128.load32_zero(p);
  if (n > 1) x = v128.load32_lane(p + 4, x, 1);
  if (n > 2) x = v128.load32_lane(p + 8, x, 2);
  return x;
}

// @ts-ignore: decorator
@inline
export function storePart(p: usize, x: v128, n: i32): void {
  v128.store32_lane(p, x, 0);
  if (n > 1) v128.store32_lane(p + 4, x, 1);
  if (n > 2) v128.store32_lane(p + 8, x, 2);
}

/** Dot product of two rows of `n` floats. */
// @ts-ignore: decorator
@inline
export function dot(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a, 16), v128.load(b, 16), s1);
    a += 32;
    b += 32;
  }
  if (i + 4 <= n) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    a += 16;
    b += 16;
    i += 4;
  }
  if (i < n) s1 = madd(loadPart(a, n - i), loadPart(b, n - i), s1);
  return sumLanes(f32x4.add(s0, s1));
}

/** Sum of `n` floats. */
// @ts-ignore: decorator
@inline
export function sumFloats(p: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    s0 = f32x4.add(s0, v128.load(p));
    s1 = f32x4.add(s1, v128.load(p, 16));
    p += 32;
  }
  if (i + 4 <= n) {
    s0 = f32x4.add(s0, v128.load(p));
    p += 16;
    i += 4;
  }
  if (i < n) s1 = f32x4.add(s1, loadPart(p, n - i));
  return sumLanes(f32x4.add(s0, s1));
}

/** Copies `bytes` (a multiple of 4). Short rows go by vectors: `memory.copy` is a call out of the module. */
// @ts-ignore: decorator
@inline
export function copyFloats(to: usize, from: usize, bytes: usize): void {
  if (bytes > 1024) {
    memory.copy(to, from, bytes);
    return;
  }
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a = v128.load(from + i), b = v128.load(from + i, 16);
    v128.store(to + i, b, 16); v128.store(to + i, a);
  }
  if (i + 16 <= bytes) {
    v128.store(to + i, v128.load(from + i));
    i += 16;
  }
  for (; i < bytes; i += 4) store<u32>(to + i, load<u32>(from + i));
}
