// Elementwise steps of attention on rows of sixteen, a pair of vectors at a time. exp(-x) is 2^t, t = -x
// log2(e): n = round(t) goes to the exponent, 2^(t - n) is a polynomial of degree 5 with a relative error of 2e-7,
// which the sums of attention do not notice. |t| is held below 126: no infinities, no denormals. 2^n and the
// polynomial are multiplied where a sum takes in the product, else n is added to the exponent of the polynomial. The
// compiler puts each value where it is used, so one vector's way is walked after the other's, in four registers; the
// constants fill the other eleven, read once before the loop.
import { madd } from './env';
import { BOTTOM_X, clamped, constant, constants, F1, F2, F3, F4, F5, LIMIT, MINUS_LIMIT, MINUS_LOG2E, ONE, power, ROUNDER, SHIFTER, TOP_X, VANISHING } from './math';
import { ZEROS } from './micro';

/** exp(x) = 2^(x log2(e)). */
export const LOG2E: f32 = 1.44269504;
/** Below every score, and finite under any scale: the maximum before the first key. */
export const LOWEST: f32 = -1e30;

// Types that choose a loop when it is compiled: x = scale S + bias, or S + bias where the scale is one, as in HSTU.
// That sum is made by other units than the products of the polynomial.
type Scaled = f32;
type Unscaled = bool;

// @ts-ignore: decorator
@inline
function biased<T>(s: v128, factor: v128, bias: v128): v128 {
  return sizeof<T>() == sizeof<Unscaled>() ? f32x4.add(s, bias) : madd(s, factor, bias);
}

/** S -> silu(scale S + bias) over rows of sixteen, in place. */
export function siluPanel(s: usize, bias: usize, hasBias: bool, rows: i32, scale: f32): void {
  if (scale == 1) siluRows<Unscaled>(s, bias, hasBias, rows, scale);
  else siluRows<Scaled>(s, bias, hasBias, rows, scale);
}

function siluRows<T>(s: usize, bias: usize, hasBias: bool, rows: i32, scale: f32): void {
  const end = s + (<usize>rows << 6), t = constants;
  const factor = f32x4.splat(scale), step: usize = hasBias ? 32 : 0;
  if (!hasBias) bias = ZEROS;
  const top = v128.load32_splat(t, TOP_X << 2);
  const bottom = v128.load32_splat(t, BOTTOM_X << 2);
  const rate = v128.load32_splat(t, MINUS_LOG2E << 2);
  const shifter = v128.load32_splat(t, SHIFTER << 2);
  const f5 = v128.load32_splat(t, F5 << 2);
  const f4 = v128.load32_splat(t, F4 << 2);
  const f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2);
  const f1 = v128.load32_splat(t, F1 << 2);
  const one = v128.load32_splat(t, ONE << 2);
  for (; s < end; s += 32) {
    let x0 = biased<T>(v128.load(s), factor, v128.load(bias)), x1 = biased<T>(v128.load(s, 16), factor, v128.load(bias, 16));
    let z0 = clamped(x0, top, bottom), z1 = clamped(x1, top, bottom);
    const e0 = madd(z0, rate, shifter), e1 = madd(z1, rate, shifter);
    z0 = madd(z0, rate, f32x4.sub(shifter, e0)); z1 = madd(z1, rate, f32x4.sub(shifter, e1));
    const p0 = power(z0, f5, f4, f3, f2, f1, one), p1 = power(z1, f5, f4, f3, f2, f1, one);
    x0 = f32x4.div(x0, madd(p0, i32x4.shl(e0, 23), one)); x1 = f32x4.div(x1, madd(p1, i32x4.shl(e1, 23), one));
    v128.store(s, x1, 16); v128.store(s, x0);
    bias += step;
  }
}

/** x = scale S + bias; S -> silu(x), G -> G silu'(x), over rows of sixteen `stride` bytes apart. */
export function siluGradPanel(s: usize, g: usize, bias: usize, hasBias: bool, rows: i32, stride: usize, scale: f32): void {
  if (scale == 1) siluGradRows<Unscaled>(s, g, bias, hasBias, rows, stride, scale);
  else siluGradRows<Scaled>(s, g, bias, hasBias, rows, stride, scale);
}

function siluGradRows<T>(s: usize, g: usize, bias: usize, hasBias: bool, rows: i32, stride: usize, scale: f32): void {
  const end = s + <usize>rows * stride, t = constants;
  const factor = f32x4.splat(scale), next: usize = hasBias ? 32 : 0, step: usize = hasBias ? stride - 32 : 0;
  if (!hasBias) bias = ZEROS;
  const top = v128.load32_splat(t, TOP_X << 2);
  const bottom = v128.load32_splat(t, BOTTOM_X << 2);
  const rate = v128.load32_splat(t, MINUS_LOG2E << 2);
  const shifter = v128.load32_splat(t, SHIFTER << 2);
  const f5 = v128.load32_splat(t, F5 << 2);
  const f4 = v128.load32_splat(t, F4 << 2);
  const f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2);
  const f1 = v128.load32_splat(t, F1 << 2);
  const one = v128.load32_splat(t, ONE << 2);
  while (s < end) {
    for (const half = s + 64; s < half; s += 32, g += 32) {
      let x0 = biased<T>(v128.load(s), factor, v128.load(bias)), x1 = biased<T>(v128.load(s, 16), factor, v128.load(bias, 16));
      let z0 = clamped(x0, top, bottom), z1 = clamped(x1, top, bottom);
      const e0 = madd(z0, rate, shifter), e1 = madd(z1, rate, shifter);
      z0 = madd(z0, rate, f32x4.sub(shifter, e0)); z1 = madd(z1, rate, f32x4.sub(shifter, e1));
      const p0 = power(z0, f5, f4, f3, f2, f1, one), p1 = power(z1, f5, f4, f3, f2, f1, one);
      // e = exp(-x); sigma = 1 / (1 + e); silu' = sigma (1 + x (1 - sigma)).
      const s0 = f32x4.div(one, madd(p0, i32x4.shl(e0, 23), one)), s1 = f32x4.div(one, madd(p1, i32x4.shl(e1, 23), one));
      x0 = f32x4.mul(x0, s0); x1 = f32x4.mul(x1, s1);
      z0 = f32x4.mul(v128.load(g), madd(x0, f32x4.sub(one, s0), s0)); z1 = f32x4.mul(v128.load(g, 16), madd(x1, f32x4.sub(one, s1), s1));
      v128.store(s, x1, 16); v128.store(s, x0);
      v128.store(g, z1, 16); v128.store(g, z0);
      bias += next;
    }
    s += stride - 64; g += stride - 64;
    bias += step - next;
  }
}

/**
 * One block of an online softmax over the keys of a panel, a lane a query: S -> exp(scale (S - max)), where the running
 * maximum (at `stats`, sixteen floats) and sum (the next sixteen) take the block in. The factors for what came before
 * go to `ratio`; false: they are all one. Hidden scores are -Infinity and become 0: the smallest normal number in its
 * place made denormal sums of columns that are all hidden, which cost an Intel processor hundreds of cycles each.
 * Other weights below 2^-126 are wrong by less than that.
 */
export function softmaxPanel(s: usize, rows: i32, scale: f32, stats: usize, ratio: usize): bool {
  const end = s + (<usize>rows << 6), t = constants;
  const factor = f32x4.splat(scale * LOG2E);
  const old0 = v128.load(stats); const old1 = v128.load(stats, 16);
  const old2 = v128.load(stats, 32); const old3 = v128.load(stats, 48);
  let m0 = old0, m1 = old1, m2 = old2, m3 = old3;
  // Two rows a turn: a maximum waits for the one before it.
  let n0 = m0, n1 = m1, n2 = m2, n3 = m3, row = s;
  for (; row + 64 < end; row += 128) {
    m0 = f32x4.pmax(m0, v128.load(row)); m1 = f32x4.pmax(m1, v128.load(row, 16));
    m2 = f32x4.pmax(m2, v128.load(row, 32)); m3 = f32x4.pmax(m3, v128.load(row, 48));
    n0 = f32x4.pmax(n0, v128.load(row, 64)); n1 = f32x4.pmax(n1, v128.load(row, 80));
    n2 = f32x4.pmax(n2, v128.load(row, 96)); n3 = f32x4.pmax(n3, v128.load(row, 112));
  }
  if (row < end) {
    n0 = f32x4.pmax(n0, v128.load(row)); n1 = f32x4.pmax(n1, v128.load(row, 16));
    n2 = f32x4.pmax(n2, v128.load(row, 32)); n3 = f32x4.pmax(n3, v128.load(row, 48));
  }
  m0 = f32x4.pmax(m0, n0); m1 = f32x4.pmax(m1, n1);
  m2 = f32x4.pmax(m2, n2); m3 = f32x4.pmax(m3, n3);
  v128.store(stats, m1, 16); v128.store(stats, m0);
  v128.store(stats, m3, 48); v128.store(stats, m2, 32);
  const b0 = f32x4.mul(m0, factor); const b1 = f32x4.mul(m1, factor);
  const b2 = f32x4.mul(m2, factor); const b3 = f32x4.mul(m3, factor);
  let t0 = f32x4.splat(0), t1 = t0, t2 = t0, t3 = t0;
  // No score is above the maximum: only the lower bound of the exponent is needed.
  const bottom = v128.load32_splat(t, VANISHING << 2);
  const shifter = v128.load32_splat(t, ROUNDER << 2);
  const f5 = v128.load32_splat(t, F5 << 2);
  const f4 = v128.load32_splat(t, F4 << 2);
  const f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2);
  const f1 = v128.load32_splat(t, F1 << 2);
  const one = v128.load32_splat(t, ONE << 2);
  for (let p = s; p < end; p += 64) {
    let z0 = f32x4.pmax(f32x4.sub(f32x4.mul(v128.load(p), factor), b0), bottom); let z1 = f32x4.pmax(f32x4.sub(f32x4.mul(v128.load(p, 16), factor), b1), bottom);
    let e0 = f32x4.add(z0, shifter); let e1 = f32x4.add(z1, shifter);
    z0 = f32x4.sub(z0, f32x4.sub(e0, shifter)); z1 = f32x4.sub(z1, f32x4.sub(e1, shifter));
    const p0 = i32x4.add(power(z0, f5, f4, f3, f2, f1, one), i32x4.shl(e0, 23));
    const p1 = i32x4.add(power(z1, f5, f4, f3, f2, f1, one), i32x4.shl(e1, 23));
    t0 = f32x4.add(t0, p0); t1 = f32x4.add(t1, p1);
    v128.store(p, p1, 16); v128.store(p, p0);
    let z2 = f32x4.pmax(f32x4.sub(f32x4.mul(v128.load(p, 32), factor), b2), bottom); let z3 = f32x4.pmax(f32x4.sub(f32x4.mul(v128.load(p, 48), factor), b3), bottom);
    let e2 = f32x4.add(z2, shifter); let e3 = f32x4.add(z3, shifter);
    z2 = f32x4.sub(z2, f32x4.sub(e2, shifter)); z3 = f32x4.sub(z3, f32x4.sub(e3, shifter));
    const p2 = i32x4.add(power(z2, f5, f4, f3, f2, f1, one), i32x4.shl(e2, 23));
    const p3 = i32x4.add(power(z3, f5, f4, f3, f2, f1, one), i32x4.shl(e3, 23));
    t2 = f32x4.add(t2, p2); t3 = f32x4.add(t3, p3);
    v128.store(p, p3, 48); v128.store(p, p2, 32);
  }
  const r0 = exp2Bounded(f32x4.sub(f32x4.mul(old0, factor), b0)); const r1 = exp2Bounded(f32x4.sub(f32x4.mul(old1, factor), b1));
  const r2 = exp2Bounded(f32x4.sub(f32x4.mul(old2, factor), b2)); const r3 = exp2Bounded(f32x4.sub(f32x4.mul(old3, factor), b3));
  v128.store(stats, madd(v128.load(stats, 64), r0, t0), 64); v128.store(stats, madd(v128.load(stats, 80), r1, t1), 80);
  v128.store(stats, madd(v128.load(stats, 96), r2, t2), 96); v128.store(stats, madd(v128.load(stats, 112), r3, t3), 112);
  v128.store(ratio, r1, 16); v128.store(ratio, r0);
  v128.store(ratio, r3, 48); v128.store(ratio, r2, 32);
  const first = v128.or(f32x4.ne(old0, m0), f32x4.ne(old1, m1)), second = v128.or(f32x4.ne(old2, m2), f32x4.ne(old3, m3));
  return v128.any_true(v128.or(first, second));
}

// @ts-ignore: decorator
@inline
export function exp2Bounded(t: v128): v128 {
  const z = f32x4.pmax(f32x4.pmin(t, constant(LIMIT)), constant(VANISHING));
  const e = f32x4.add(z, constant(SHIFTER));
  const f = f32x4.sub(z, f32x4.sub(e, constant(SHIFTER)));
  return f32x4.mul(
    power(f, constant(F5), constant(F4), constant(F3), constant(F2), constant(F1), constant(ONE)), i32x4.shl(e, 23),
  );
}

/**
 * P = exp(scale S - logSumExp); S -> dropped P, G -> P (dropped G - delta), over rows of sixteen `stride` bytes
 * apart. `shift` and `delta` hold a float for each query, a lane: log2(e) logSumExp, and dO . O.
 */
export function softmaxGradPanel(
  s: usize, g: usize, drop: usize, hasDropout: bool, rows: i32, stride: usize, scale: f32, shift: usize, delta: usize,
): void {
  const end = s + <usize>rows * stride, t = constants;
  const factor = f32x4.splat(scale * LOG2E);
  const top = v128.load32_splat(t, LIMIT << 2);
  const bottom = v128.load32_splat(t, MINUS_LIMIT << 2);
  const shifter = v128.load32_splat(t, ROUNDER << 2);
  const f5 = v128.load32_splat(t, F5 << 2);
  const f4 = v128.load32_splat(t, F4 << 2);
  const f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2);
  const f1 = v128.load32_splat(t, F1 << 2);
  const one = v128.load32_splat(t, ONE << 2);
  while (s < end) {
    for (const half = s + 64; s < half; s += 32, g += 32, drop += 32, shift += 32, delta += 32) {
      let z0 = f32x4.sub(f32x4.mul(v128.load(s), factor), v128.load(shift)); let z1 = f32x4.sub(f32x4.mul(v128.load(s, 16), factor), v128.load(shift, 16));
      z0 = f32x4.pmax(f32x4.pmin(z0, top), bottom); z1 = f32x4.pmax(f32x4.pmin(z1, top), bottom);
      let e0 = f32x4.add(z0, shifter); let e1 = f32x4.add(z1, shifter);
      z0 = f32x4.sub(z0, f32x4.sub(e0, shifter)); z1 = f32x4.sub(z1, f32x4.sub(e1, shifter));
      const p0 = i32x4.add(power(z0, f5, f4, f3, f2, f1, one), i32x4.shl(e0, 23));
      const p1 = i32x4.add(power(z1, f5, f4, f3, f2, f1, one), i32x4.shl(e1, 23));
      let g0 = v128.load(g); let g1 = v128.load(g, 16);
      if (hasDropout) {
        const d0 = v128.load(drop); const d1 = v128.load(drop, 16);
        g0 = f32x4.mul(g0, d0); g1 = f32x4.mul(g1, d1);
        e0 = f32x4.mul(p0, d0); e1 = f32x4.mul(p1, d1);
      } else {
        e0 = p0; e1 = p1;
      }
      g0 = f32x4.mul(p0, f32x4.sub(g0, v128.load(delta))); g1 = f32x4.mul(p1, f32x4.sub(g1, v128.load(delta, 16)));
      v128.store(s, e1, 16); v128.store(s, e0);
      v128.store(g, g1, 16); v128.store(g, g0);
    }
    s += stride - 64; g += stride - 64; drop += stride - 64;
    shift -= 64; delta -= 64;
  }
}
