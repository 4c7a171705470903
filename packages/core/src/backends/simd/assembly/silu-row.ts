// SiLU, GELU and their derivatives on a row.
import { madd } from './env';
import { BOTTOM_X, constants, F1, F2, F3, F4, F5, GELU_CUBIC, GELU_SCALE, MINUS_LOG2E, ONE, SHIFTER, THREE, TOP_X } from './math';

/**
 * X -> silu(X) in place, its derivative to `slope`, over `n` floats (a multiple of sixteen). exp(-x) as in attention's
 * panels: 2^t with a polynomial of degree 5, relative error 2e-7; all four vectors take each step on one load of a constant.
 */
export function siluSlopeRow(x: usize, slope: usize, n: i32): void {
  const end = x + (<usize>n << 2), t = constants;
  for (; x < end; x += 64, slope += 64) {
    let x0 = v128.load(x); let x1 = v128.load(x, 16);
    let x2 = v128.load(x, 32); let x3 = v128.load(x, 48);
    let c = v128.load32_splat(t, TOP_X << 2);
    let z0 = f32x4.pmin(x0, c); let z1 = f32x4.pmin(x1, c);
    let z2 = f32x4.pmin(x2, c); let z3 = f32x4.pmin(x3, c);
    c = v128.load32_splat(t, BOTTOM_X << 2);
    z0 = f32x4.pmax(z0, c); z1 = f32x4.pmax(z1, c); z2 = f32x4.pmax(z2, c); z3 = f32x4.pmax(z3, c);
    c = v128.load32_splat(t, MINUS_LOG2E << 2);
    let d = v128.load32_splat(t, SHIFTER << 2);
    let e0 = madd(z0, c, d); let e1 = madd(z1, c, d);
    let e2 = madd(z2, c, d); let e3 = madd(z3, c, d);
    z0 = madd(z0, c, f32x4.sub(d, e0)); z1 = madd(z1, c, f32x4.sub(d, e1));
    z2 = madd(z2, c, f32x4.sub(d, e2)); z3 = madd(z3, c, f32x4.sub(d, e3));
    e0 = i32x4.shl(e0, 23); e1 = i32x4.shl(e1, 23); e2 = i32x4.shl(e2, 23); e3 = i32x4.shl(e3, 23);
    c = v128.load32_splat(t, F5 << 2);
    d = v128.load32_splat(t, F4 << 2);
    let p0 = madd(c, z0, d); let p1 = madd(c, z1, d);
    let p2 = madd(c, z2, d); let p3 = madd(c, z3, d);
    d = v128.load32_splat(t, F3 << 2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    p2 = madd(p2, z2, d); p3 = madd(p3, z3, d);
    d = v128.load32_splat(t, F2 << 2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    p2 = madd(p2, z2, d); p3 = madd(p3, z3, d);
    d = v128.load32_splat(t, F1 << 2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    p2 = madd(p2, z2, d); p3 = madd(p3, z3, d);
    d = v128.load32_splat(t, ONE << 2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    p2 = madd(p2, z2, d); p3 = madd(p3, z3, d);
    // e = exp(-x); sigma = 1 / (1 + e); silu' = sigma + silu (1 - sigma).
    p0 = f32x4.div(d, madd(p0, e0, d)); p1 = f32x4.div(d, madd(p1, e1, d));
    p2 = f32x4.div(d, madd(p2, e2, d)); p3 = f32x4.div(d, madd(p3, e3, d));
    x0 = f32x4.mul(x0, p0); x1 = f32x4.mul(x1, p1);
    x2 = f32x4.mul(x2, p2); x3 = f32x4.mul(x3, p3);
    v128.store(x, x1, 16); v128.store(x, x0);
    v128.store(x, x3, 48); v128.store(x, x2, 32);
    z0 = madd(x0, f32x4.sub(d, p0), p0); z1 = madd(x1, f32x4.sub(d, p1), p1);
    z2 = madd(x2, f32x4.sub(d, p2), p2); z3 = madd(x3, f32x4.sub(d, p3), p3);
    v128.store(slope, z1, 16); v128.store(slope, z0);
    v128.store(slope, z3, 48); v128.store(slope, z2, 32);
  }
}

/**
 * X -> gelu(X) in place, its derivative to `slope`, over `n` floats (a multiple of eight). With v = scale (x + cubic x^3) and
 * sigma = 1 / (1 + e^-v): gelu = x sigma, gelu' = sigma + x sigma (1 - sigma) v', v' = scale (1 + 3 cubic x^2).
 */
export function geluSlopeRow(x: usize, slope: usize, n: i32): void {
  const end = x + (<usize>n << 2), t = constants;
  for (; x < end; x += 32, slope += 32) {
    let x0 = v128.load(x), x1 = v128.load(x, 16);
    const one = v128.load32_splat(t, ONE << 2), scale = v128.load32_splat(t, GELU_SCALE << 2);
    let c = v128.load32_splat(t, GELU_CUBIC << 2);
    const q0 = f32x4.mul(f32x4.mul(x0, x0), c), q1 = f32x4.mul(f32x4.mul(x1, x1), c);
    let z0 = f32x4.mul(f32x4.mul(x0, scale), f32x4.add(q0, one)), z1 = f32x4.mul(f32x4.mul(x1, scale), f32x4.add(q1, one));
    c = v128.load32_splat(t, TOP_X << 2);
    z0 = f32x4.pmin(z0, c); z1 = f32x4.pmin(z1, c);
    c = v128.load32_splat(t, BOTTOM_X << 2);
    z0 = f32x4.pmax(z0, c); z1 = f32x4.pmax(z1, c);
    c = v128.load32_splat(t, MINUS_LOG2E << 2);
    let d = v128.load32_splat(t, SHIFTER << 2);
    let e0 = madd(z0, c, d), e1 = madd(z1, c, d);
    z0 = madd(z0, c, f32x4.sub(d, e0)); z1 = madd(z1, c, f32x4.sub(d, e1));
    e0 = i32x4.shl(e0, 23); e1 = i32x4.shl(e1, 23);
    c = v128.load32_splat(t, F5 << 2);
    d = v128.load32_splat(t, F4 << 2);
    let p0 = madd(c, z0, d), p1 = madd(c, z1, d);
    d = v128.load32_splat(t, F3 << 2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = v128.load32_splat(t, F2 << 2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    d = v128.load32_splat(t, F1 << 2);
    p0 = madd(p0, z0, d); p1 = madd(p1, z1, d);
    p0 = madd(p0, z0, one); p1 = madd(p1, z1, one);
    p0 = f32x4.div(one, madd(p0, e0, one)); p1 = f32x4.div(one, madd(p1, e1, one));
    x0 = f32x4.mul(x0, p0); x1 = f32x4.mul(x1, p1);
    d = v128.load32_splat(t, THREE << 2);
    z0 = f32x4.mul(scale, madd(q0, d, one)); z1 = f32x4.mul(scale, madd(q1, d, one));
    z0 = madd(f32x4.mul(x0, f32x4.sub(one, p0)), z0, p0); z1 = madd(f32x4.mul(x1, f32x4.sub(one, p1)), z1, p1);
    v128.store(x, x1, 16); v128.store(x, x0);
    v128.store(slope, z1, 16); v128.store(slope, z0);
  }
}
