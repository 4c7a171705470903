// Elementary functions on four floats at once. Errors are relative, measured against float64 in the conformance suite.
import { madd } from './env';

/**
 * Constants live in memory, four bytes each from this address on, and are read by a broadcasting load. V8 puts an
 * immediate vector together anew in every turn of a loop (a move to a general register, a move across, a shuffle);
 * a load is one instruction: the sigmoid runs twice as fast.
 */
const CONSTANTS: usize = 512;

// @ts-ignore: decorator
@inline
export function constant(index: usize): v128 {
  return v128.load32_splat(CONSTANTS + (index << 2));
}

/**
 * The same address where the compiler does not know it: an index then goes into the instruction,
 * not into a register first.
 */
export let constants: usize = 0;

export function findConstants(): void {
  constants = CONSTANTS;
}

// SHIFTER is 1.5 * 2^23 + 127: added to n it leaves n + 127 in the low bits of the sum, ready to become an exponent.
export const ONE: usize = 0;
export const LOG2E: usize = 1;
export const SHIFTER: usize = 2;
const LN2_HIGH: usize = 3;
const LN2_LOW: usize = 4;
const E0: usize = 5;
const E1: usize = 6;
const E2: usize = 7;
const E3: usize = 8;
const E4: usize = 9;
const E5: usize = 10;
const TOP: usize = 11;
const BOTTOM: usize = 12;
// 2^f for |f| <= 1/2: degree 5, relative error 9e-8 before rounding.
export const MINUS_LOG2E: usize = 13;
export const LIMIT: usize = 14;
export const MINUS_LIMIT: usize = 15;
export const F1: usize = 16;
export const F2: usize = 17;
export const F3: usize = 18;
export const F4: usize = 19;
export const F5: usize = 20;
const T0: usize = 21;
const T1: usize = 22;
const T2: usize = 23;
const T3: usize = 24;
const T4: usize = 25;
const TWO: usize = 26;
const SMALL: usize = 27;
export const SIGN: usize = 28;
export const TOP_X: usize = 29;
export const BOTTOM_X: usize = 30;
export const FIFTEENS: usize = 31;
export const HIGH_HALVES: usize = 32;
// log2(1 + m) for 0 <= m <= 1: degree 5, an error of 1.3e-5. ROUNDER is 1.5 * 2^23.
export const L0: usize = 33;
export const L1: usize = 34;
export const L2: usize = 35;
export const L3: usize = 36;
export const L4: usize = 37;
export const L5: usize = 38;
export const MANTISSA: usize = 39;
export const ROUNDER: usize = 40;
/** Logit of a negative that is the positive. */
export const HIT: usize = 41;
/** Sixteen words with one bit each, from the lowest on. */
export const BITS: usize = 42;
/** GELU in its tanh form is x sigma(GELU_SCALE (x + GELU_CUBIC x^3)). */
export const GELU_SCALE: usize = 58;
export const GELU_CUBIC: usize = 59;
export const THREE: usize = 60;
/** 2^t is 0 here and below, put together from its exponent: one of no bits. */
export const VANISHING: usize = 61;
/** `STEP_ONES` words of ones, then sixteen of zeros. */
export const STEP_MASK: usize = 62;
export const STEP_ONES: usize = 24;

/** Writes the table; the main thread calls it once, before any kernel runs. */
export function writeConstants(): void {
  store<f32>(CONSTANTS + (ONE << 2), 1);
  store<f32>(CONSTANTS + (LOG2E << 2), 1.44269504);
  store<f32>(CONSTANTS + (SHIFTER << 2), 12583039);
  store<f32>(CONSTANTS + (LN2_HIGH << 2), -0.693359375);
  store<f32>(CONSTANTS + (LN2_LOW << 2), 2.12194440e-4);
  store<f32>(CONSTANTS + (E0 << 2), 1.9875691500e-4);
  store<f32>(CONSTANTS + (E1 << 2), 1.3981999507e-3);
  store<f32>(CONSTANTS + (E2 << 2), 8.3334519073e-3);
  store<f32>(CONSTANTS + (E3 << 2), 4.1665795894e-2);
  store<f32>(CONSTANTS + (E4 << 2), 1.6666665459e-1);
  store<f32>(CONSTANTS + (E5 << 2), 5.0000001201e-1);
  store<f32>(CONSTANTS + (TOP << 2), 88.3);
  store<f32>(CONSTANTS + (BOTTOM << 2), -87.33654);
  store<f32>(CONSTANTS + (MINUS_LOG2E << 2), -1.44269504);
  store<f32>(CONSTANTS + (LIMIT << 2), 126);
  store<f32>(CONSTANTS + (MINUS_LIMIT << 2), -126);
  store<f32>(CONSTANTS + (F1 << 2), 0.6931470036506653);
  store<f32>(CONSTANTS + (F2 << 2), 0.24022242426872253);
  store<f32>(CONSTANTS + (F3 << 2), 0.05550733581185341);
  store<f32>(CONSTANTS + (F4 << 2), 0.009671512991189957);
  store<f32>(CONSTANTS + (F5 << 2), 0.001326472731307149);
  store<f32>(CONSTANTS + (T0 << 2), -5.70498872745e-3);
  store<f32>(CONSTANTS + (T1 << 2), 2.06390887954e-2);
  store<f32>(CONSTANTS + (T2 << 2), -5.37397155531e-2);
  store<f32>(CONSTANTS + (T3 << 2), 1.33314422036e-1);
  store<f32>(CONSTANTS + (T4 << 2), -3.33332819422e-1);
  store<f32>(CONSTANTS + (TWO << 2), 2);
  store<f32>(CONSTANTS + (SMALL << 2), 0.625);
  store<u32>(CONSTANTS + (SIGN << 2), 0x80000000);
  store<f32>(CONSTANTS + (TOP_X << 2), 87);
  store<f32>(CONSTANTS + (BOTTOM_X << 2), -87);
  store<u32>(CONSTANTS + (FIFTEENS << 2), 0x0f0f0f0f);
  store<u32>(CONSTANTS + (HIGH_HALVES << 2), 0xf0f0f0f0);
  store<f32>(CONSTANTS + (L0 << 2), 1.2539620911411475e-5);
  store<f32>(CONSTANTS + (L1 << 2), 1.4416844844818115);
  store<f32>(CONSTANTS + (L2 << 2), -0.7079922556877136);
  store<f32>(CONSTANTS + (L3 << 2), 0.41362902522087097);
  store<f32>(CONSTANTS + (L4 << 2), -0.19219434261322021);
  store<f32>(CONSTANTS + (L5 << 2), 0.044873084872961044);
  store<u32>(CONSTANTS + (MANTISSA << 2), 0x007fffff);
  store<f32>(CONSTANTS + (ROUNDER << 2), 12582912);
  store<f32>(CONSTANTS + (HIT << 2), -5e4);
  store<f32>(CONSTANTS + (GELU_SCALE << 2), 1.5957691216057308);
  store<f32>(CONSTANTS + (GELU_CUBIC << 2), 0.044715);
  store<f32>(CONSTANTS + (THREE << 2), 3);
  store<f32>(CONSTANTS + (VANISHING << 2), -127);
  for (let i: usize = 0; i < 16; i++) store<u32>(CONSTANTS + ((BITS + i) << 2), 1 << <u32>i);
  for (let i: usize = 0; i < STEP_ONES + 16; i++) store<i32>(CONSTANTS + ((STEP_MASK + i) << 2), i < STEP_ONES ? -1 : 0);
}

/**
 * x between `bottom`, which is negative, and `top`, which is not, compared as integers: not by the units that make
 * products. NaN becomes one of the two.
 */
// @ts-ignore: decorator
@inline
export function clamped(x: v128, top: v128, bottom: v128): v128 {
  return i32x4.min_u(i32x4.min_s(x, top), bottom);
}

/** 2^f for |f| <= 1/2; the coefficients are given, so that a loop keeps them in registers. */
// @ts-ignore: decorator
@inline
export function power(f: v128, f5: v128, f4: v128, f3: v128, f2: v128, f1: v128, one: v128): v128 {
  return madd(madd(madd(madd(madd(f5, f, f4), f, f3), f, f2), f, f1), f, one);
}

/**
 * exp(x) for x <= 88.3 (larger arguments give exp(88.3)), about 1 ulp: x = n ln2 + r, a degree-6 polynomial in r, and
 * 2^n put together from the bits. Below -87.3 it gives 2^-126 or so, never a denormal. NaN stays NaN.
 */
// @ts-ignore: decorator
@inline
export function expBounded4(x: v128): v128 {
  const z = f32x4.pmax(f32x4.pmin(x, constant(TOP)), constant(BOTTOM));
  const shifted = madd(z, constant(LOG2E), constant(SHIFTER));
  const n = f32x4.sub(shifted, constant(SHIFTER));
  let r = madd(n, constant(LN2_HIGH), z);
  r = madd(n, constant(LN2_LOW), r);
  let p = constant(E0);
  p = madd(p, r, constant(E1));
  p = madd(p, r, constant(E2));
  p = madd(p, r, constant(E3));
  p = madd(p, r, constant(E4));
  p = madd(p, r, constant(E5));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), constant(ONE));
  return f32x4.mul(p, i32x4.shl(shifted, 23));
}

/** exp(x) for x <= 0: 0 below -87.3, so that a masked score of -Infinity adds nothing. */
// @ts-ignore: decorator
@inline
export function expNegative4(x: v128): v128 {
  return v128.andnot(expBounded4(x), f32x4.lt(x, constant(BOTTOM)));
}

/** exp(x) over the whole range: 0 below -87.3 (no denormals), Infinity above 88.7. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  // exp(x) = exp(x / 2)^2 would lose precision; the top octave is reached by halving the power of two instead.
  const top = f32x4.gt(x, f32x4.splat(88));
  const e = expNegative4(f32x4.sub(x, v128.and(top, f32x4.splat(0.693147182))));
  const doubled = f32x4.add(e, e);
  return v128.bitselect(
    v128.bitselect(f32x4.splat(Infinity), doubled, f32x4.gt(x, f32x4.splat(88.72283))), e, top,
  );
}

/** Four ones, from memory (see CONSTANTS). */
// @ts-ignore: decorator
@inline
export function one4(): v128 {
  return constant(ONE);
}

/** 1 / (1 + exp(-x)). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = constant(ONE);
  return f32x4.div(one, f32x4.add(one, expBounded4(f32x4.neg(x))));
}

/** x / (1 + exp(-x)). */
// @ts-ignore: decorator
@inline
export function silu4(x: v128): v128 {
  return f32x4.div(x, f32x4.add(constant(ONE), expBounded4(f32x4.neg(x))));
}

/** tanh(x): a polynomial below 0.625, 1 - 2 / (exp(2|x|) + 1) above, so that small arguments keep their precision. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const one = constant(ONE);
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = constant(T0);
  p = madd(p, z, constant(T1));
  p = madd(p, z, constant(T2));
  p = madd(p, z, constant(T3));
  p = madd(p, z, constant(T4));
  const small = madd(f32x4.mul(p, z), x, x);
  const big = f32x4.sub(one, f32x4.div(constant(TWO), f32x4.add(expBounded4(f32x4.add(a, a)), one)));
  const sign = v128.and(x, constant(SIGN));
  return v128.bitselect(small, v128.or(big, sign), f32x4.lt(a, constant(SMALL)));
}

/**
 * log(1 + e^x) = max(x, 0) + log1p(e^-|x|): with u = e^-|x| in (0, 1] and s = u / (2 + u), log1p(u) = 2 artanh(s) =
 * 2 (s + s^3 / 3 + ... + s^15 / 15), s at most 1/3, so that small values keep their precision. 0 below -87.3; NaN stays
 * NaN.
 */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  const u = expNegative4(f32x4.neg(f32x4.abs(x)));
  const s = f32x4.div(u, f32x4.add(u, constant(TWO)));
  const z = f32x4.mul(s, s);
  let p = f32x4.splat(0.13333333);
  p = madd(p, z, f32x4.splat(0.15384616));
  p = madd(p, z, f32x4.splat(0.18181819));
  p = madd(p, z, f32x4.splat(0.22222222));
  p = madd(p, z, f32x4.splat(0.2857143));
  p = madd(p, z, f32x4.splat(0.4));
  p = madd(p, z, f32x4.splat(0.6666667));
  const log1p = madd(f32x4.mul(p, z), s, f32x4.add(s, s));
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), log1p);
}

/** log(x) for x > 0, about 1 ulp; log(0) = -Infinity, log(negative) = NaN, log(Infinity) = Infinity. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  // Denormals are scaled up by 2^23 first.
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const y = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(y, 23), i32x4.splat(126)));
  e = f32x4.sub(e, v128.and(tiny, f32x4.splat(23)));
  let m = v128.or(v128.and(y, i32x4.splat(0x007fffff)), f32x4.splat(0.5));
  const low = f32x4.lt(m, f32x4.splat(0.707106781186547524));
  e = f32x4.sub(e, v128.and(low, f32x4.splat(1)));
  m = f32x4.sub(f32x4.add(m, v128.and(low, m)), f32x4.splat(1));
  const z = f32x4.mul(m, m);
  let p = f32x4.splat(7.0376836292e-2);
  p = madd(p, m, f32x4.splat(-1.1514610310e-1));
  p = madd(p, m, f32x4.splat(1.1676998740e-1));
  p = madd(p, m, f32x4.splat(-1.2420140846e-1));
  p = madd(p, m, f32x4.splat(1.4249322787e-1));
  p = madd(p, m, f32x4.splat(-1.6668057665e-1));
  p = madd(p, m, f32x4.splat(2.0000714765e-1));
  p = madd(p, m, f32x4.splat(-2.4999993993e-1));
  p = madd(p, m, f32x4.splat(3.3333331174e-1));
  let r = f32x4.mul(f32x4.mul(p, m), z);
  r = madd(e, f32x4.splat(-2.12194440e-4), r);
  r = madd(f32x4.splat(-0.5), z, r);
  r = f32x4.add(m, r);
  r = madd(e, f32x4.splat(0.693359375), r);
  const inf = f32x4.splat(Infinity);
  r = v128.bitselect(x, r, v128.or(f32x4.eq(x, inf), f32x4.ne(x, x)));
  r = v128.bitselect(f32x4.splat(-Infinity), r, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(f32x4.splat(NaN), r, f32x4.lt(x, f32x4.splat(0)));
}

/** exp of one float, at most 0, through the vector code, so that scalar tails give the same bits. */
// @ts-ignore: decorator
@inline
export function expNegative1(x: f32): f32 {
  return f32x4.extract_lane(expNegative4(f32x4.splat(x)), 0);
}

// @ts-ignore: decorator
@inline
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}
