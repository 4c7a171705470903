// Elementwise steps of attention on pairs of vectors. Both vectors of a pair take each step together, on one load of each
// constant. exp(-x) is 2^t, t = -x log2(e): n = round(t) goes to the exponent, 2^(t - n) is a polynomial of degree 5 with a
// relative error of 2e-7, which the sums of attention do not notice. |t| is held below 126: no infinities, no denormals.
import { madd } from './env';
import { constant, F1, F2, F3, F4, F5, LIMIT, MINUS_LIMIT, MINUS_LOG2E, ONE, SHIFTER } from './math';

/** exp(x) = 2^(x log2(e)). */
export const LOG2E: f32 = 1.44269504;

/** S -> silu(scale S + bias) over rows of sixteen, in place. */
export function siluPanel(s: usize, bias: usize, hasBias: bool, rows: i32, scale: f32): void {
  const end = s + (<usize>rows << 6);
  const factor = f32x4.splat(scale);
  for (; s < end; s += 32) {
    let x0 = f32x4.mul(v128.load(s), factor), x1 = f32x4.mul(v128.load(s, 16), factor);
    if (hasBias) {
      x0 = f32x4.add(x0, v128.load(bias));
      x1 = f32x4.add(x1, v128.load(bias, 16));
      bias += 32;
    }
    let c = constant(MINUS_LOG2E);
    let z0 = f32x4.mul(x0, c), z1 = f32x4.mul(x1, c);
    c = constant(LIMIT);
    z0 = f32x4.pmin(z0, c); z1 = f32x4.pmin(z1, c);
    c = constant(MINUS_LIMIT);
    z0 = f32x4.pmax(z0, c); z1 = f32x4.pmax(z1, c);
    c = constant(SHIFTER);
    let e0 = f32x4.add(z0, c), e1 = f32x4.add(z1, c);
    z0 = f32x4.sub(z0, f32x4.sub(e0, c)); z1 = f32x4.sub(z1, f32x4.sub(e1, c));
    e0 = i32x4.shl(e0, 23); e1 = i32x4.shl(e1, 23);
    c = constant(F5);
    let d = constant(F4);
    let p0 = madd(c, z0, d), p1 = madd(c, z1, d);
    d = constant(F3);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(F2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(F1);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(ONE);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    p0 = madd(p0, e0, d); p1 = madd(p1, e1, d);
    v128.store(s, f32x4.div(x0, p0)); v128.store(s, f32x4.div(x1, p1), 16);
  }
}

/** x = scale S + bias; S -> silu(x), G -> G silu'(x), over `n` floats (a multiple of eight) of one row. */
export function siluGradRow(s: usize, g: usize, bias: usize, hasBias: bool, n: i32, scale: f32): void {
  const end = s + (<usize>n << 2);
  const factor = f32x4.splat(scale);
  for (; s < end; s += 32, g += 32) {
    let x0 = f32x4.mul(v128.load(s), factor), x1 = f32x4.mul(v128.load(s, 16), factor);
    if (hasBias) {
      x0 = f32x4.add(x0, v128.load(bias));
      x1 = f32x4.add(x1, v128.load(bias, 16));
      bias += 32;
    }
    let c = constant(MINUS_LOG2E);
    let z0 = f32x4.mul(x0, c), z1 = f32x4.mul(x1, c);
    c = constant(LIMIT);
    z0 = f32x4.pmin(z0, c); z1 = f32x4.pmin(z1, c);
    c = constant(MINUS_LIMIT);
    z0 = f32x4.pmax(z0, c); z1 = f32x4.pmax(z1, c);
    c = constant(SHIFTER);
    let e0 = f32x4.add(z0, c), e1 = f32x4.add(z1, c);
    z0 = f32x4.sub(z0, f32x4.sub(e0, c)); z1 = f32x4.sub(z1, f32x4.sub(e1, c));
    e0 = i32x4.shl(e0, 23); e1 = i32x4.shl(e1, 23);
    c = constant(F5);
    let d = constant(F4);
    let p0 = madd(c, z0, d), p1 = madd(c, z1, d);
    d = constant(F3);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(F2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(F1);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(ONE);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    // e = exp(-x); sigma = 1 / (1 + e); silu' = sigma (1 + x (1 - sigma)).
    p0 = f32x4.div(d, madd(p0, e0, d)); p1 = f32x4.div(d, madd(p1, e1, d));
    x0 = f32x4.mul(x0, p0); x1 = f32x4.mul(x1, p1);
    v128.store(s, x0); v128.store(s, x1, 16);
    z0 = madd(x0, f32x4.sub(d, p0), p0); z1 = madd(x1, f32x4.sub(d, p1), p1);
    v128.store(g, f32x4.mul(v128.load(g), z0)); v128.store(g, f32x4.mul(v128.load(g, 16), z1), 16);
  }
}

/**
 * One block of an online softmax over the keys of a panel, a lane a query: S -> exp(scale (S - max)), where the running
 * maximum (at `stats`, sixteen floats) and sum (the next sixteen) take the block in. The factors for what came before go to
 * `ratio`; false: they are all one. Hidden scores are -Infinity and become 1e-38.
 */
export function softmaxPanel(s: usize, rows: i32, scale: f32, stats: usize, ratio: usize): bool {
  const end = s + (<usize>rows << 6);
  const factor = f32x4.splat(scale * LOG2E);
  let changed = false;
  for (let half: usize = 0; half < 64; half += 32) {
    const m = stats + half;
    const old0 = v128.load(m), old1 = v128.load(m, 16);
    let m0 = old0, m1 = old1;
    for (let p = s + half; p < end; p += 64) {
      m0 = f32x4.pmax(m0, v128.load(p)); m1 = f32x4.pmax(m1, v128.load(p, 16));
    }
    v128.store(m, m0); v128.store(m, m1, 16);
    const b0 = f32x4.mul(m0, factor), b1 = f32x4.mul(m1, factor);
    let t0 = f32x4.splat(0), t1 = t0;
    for (let p = s + half; p < end; p += 64) {
      let z0 = f32x4.sub(f32x4.mul(v128.load(p), factor), b0), z1 = f32x4.sub(f32x4.mul(v128.load(p, 16), factor), b1);
      let c = constant(LIMIT);
      z0 = f32x4.pmin(z0, c); z1 = f32x4.pmin(z1, c);
      c = constant(MINUS_LIMIT);
      z0 = f32x4.pmax(z0, c); z1 = f32x4.pmax(z1, c);
      c = constant(SHIFTER);
      let e0 = f32x4.add(z0, c), e1 = f32x4.add(z1, c);
      z0 = f32x4.sub(z0, f32x4.sub(e0, c)); z1 = f32x4.sub(z1, f32x4.sub(e1, c));
      e0 = i32x4.shl(e0, 23); e1 = i32x4.shl(e1, 23);
      c = constant(F5);
      let d = constant(F4);
      let p0 = madd(c, z0, d), p1 = madd(c, z1, d);
      d = constant(F3);
      p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
      d = constant(F2);
      p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
      d = constant(F1);
      p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
      d = constant(ONE);
      p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
      p0 = f32x4.mul(p0, e0); p1 = f32x4.mul(p1, e1);
      t0 = f32x4.add(t0, p0); t1 = f32x4.add(t1, p1);
      v128.store(p, p0); v128.store(p, p1, 16);
    }
    const r0 = exp2Bounded(f32x4.sub(f32x4.mul(old0, factor), b0)), r1 = exp2Bounded(f32x4.sub(f32x4.mul(old1, factor), b1));
    v128.store(m, madd(v128.load(m, 64), r0, t0), 64); v128.store(m, madd(v128.load(m, 80), r1, t1), 80);
    v128.store(ratio + half, r0); v128.store(ratio + half, r1, 16);
    changed = changed || v128.any_true(v128.or(f32x4.ne(old0, m0), f32x4.ne(old1, m1)));
  }
  return changed;
}

// @ts-ignore: decorator
@inline
function exp2Bounded(t: v128): v128 {
  const z = f32x4.pmax(f32x4.pmin(t, constant(LIMIT)), constant(MINUS_LIMIT));
  const e = f32x4.add(z, constant(SHIFTER));
  const f = f32x4.sub(z, f32x4.sub(e, constant(SHIFTER)));
  let p = madd(constant(F5), f, constant(F4));
  p = madd(p, f, constant(F3));
  p = madd(p, f, constant(F2));
  p = madd(p, f, constant(F1));
  p = madd(p, f, constant(ONE));
  return f32x4.mul(p, i32x4.shl(e, 23));
}

/**
 * P = exp(scale S - logSumExp); S -> dropped P, G -> P (dropped G - delta), over `n` floats (a multiple of eight) of one
 * row. `shift` and `delta` hold a float for each query: log2(e) logSumExp, and dO . O.
 */
export function softmaxGradRow(
  s: usize, g: usize, drop: usize, hasDropout: bool, n: i32, scale: f32, shift: usize, delta: usize,
): void {
  const end = s + (<usize>n << 2);
  const factor = f32x4.splat(scale * LOG2E);
  for (; s < end; s += 32, g += 32, shift += 32, delta += 32) {
    let z0 = f32x4.sub(f32x4.mul(v128.load(s), factor), v128.load(shift));
    let z1 = f32x4.sub(f32x4.mul(v128.load(s, 16), factor), v128.load(shift, 16));
    let c = constant(LIMIT);
    z0 = f32x4.pmin(z0, c); z1 = f32x4.pmin(z1, c);
    c = constant(MINUS_LIMIT);
    z0 = f32x4.pmax(z0, c); z1 = f32x4.pmax(z1, c);
    c = constant(SHIFTER);
    let e0 = f32x4.add(z0, c), e1 = f32x4.add(z1, c);
    z0 = f32x4.sub(z0, f32x4.sub(e0, c)); z1 = f32x4.sub(z1, f32x4.sub(e1, c));
    e0 = i32x4.shl(e0, 23); e1 = i32x4.shl(e1, 23);
    c = constant(F5);
    let d = constant(F4);
    let p0 = madd(c, z0, d), p1 = madd(c, z1, d);
    d = constant(F3);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(F2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(F1);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = constant(ONE);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    p0 = f32x4.mul(p0, e0); p1 = f32x4.mul(p1, e1);
    let g0 = v128.load(g), g1 = v128.load(g, 16);
    if (hasDropout) {
      const d0 = v128.load(drop), d1 = v128.load(drop, 16);
      drop += 32;
      g0 = f32x4.mul(g0, d0); g1 = f32x4.mul(g1, d1);
      v128.store(s, f32x4.mul(p0, d0)); v128.store(s, f32x4.mul(p1, d1), 16);
    } else {
      v128.store(s, p0); v128.store(s, p1, 16);
    }
    v128.store(g, f32x4.mul(p0, f32x4.sub(g0, v128.load(delta))));
    v128.store(g, f32x4.mul(p1, f32x4.sub(g1, v128.load(delta, 16))), 16);
  }
}
