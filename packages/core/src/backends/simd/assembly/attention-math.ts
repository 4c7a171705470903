// Elementwise steps of attention on pairs of vectors. Both vectors of a pair take each step together, on one load of each
// constant. exp(-x) is 2^t, t = -x log2(e): n = round(t) goes to the exponent, 2^(t - n) is a polynomial of degree 5 with a
// relative error of 2e-7, which the sums of attention do not notice. |t| is held below 126: no infinities, no denormals.
import { madd } from './env';
import { constant, F1, F2, F3, F4, F5, LIMIT, MINUS_LIMIT, MINUS_LOG2E, ONE, SHIFTER } from './math';

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
