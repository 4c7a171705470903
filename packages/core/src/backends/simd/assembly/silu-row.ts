// SiLU, GELU and their derivatives on a row. exp(-x) as in attention's panels: 2^t with a polynomial of degree 5,
// relative error 2e-7; the constants stay in registers.
import { madd } from './env';
import { BOTTOM_X, clamped, constants, F1, F2, F3, F4, F5, GELU_CUBIC, GELU_SCALE, MINUS_LOG2E, ONE, power, SHIFTER, THREE, TOP_X } from './math';

/** X -> silu(X) in place, its derivative to `slope`, over `n` floats (a multiple of eight). */
export function siluSlopeRow(x: usize, slope: usize, n: i32): void {
  const end = x + (<usize>n << 2), t = constants;
  const top = v128.load32_splat(t, TOP_X << 2), bottom = v128.load32_splat(t, BOTTOM_X << 2);
  const rate = v128.load32_splat(t, MINUS_LOG2E << 2), shifter = v128.load32_splat(t, SHIFTER << 2);
  const f5 = v128.load32_splat(t, F5 << 2), f4 = v128.load32_splat(t, F4 << 2), f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2), f1 = v128.load32_splat(t, F1 << 2), one = v128.load32_splat(t, ONE << 2);
  for (; x < end; x += 32, slope += 32) {
    let x0 = v128.load(x), x1 = v128.load(x, 16);
    let z0 = clamped(x0, top, bottom), z1 = clamped(x1, top, bottom);
    const e0 = madd(z0, rate, shifter), e1 = madd(z1, rate, shifter);
    z0 = madd(z0, rate, f32x4.sub(shifter, e0)); z1 = madd(z1, rate, f32x4.sub(shifter, e1));
    const p0 = power(z0, f5, f4, f3, f2, f1, one), p1 = power(z1, f5, f4, f3, f2, f1, one);
    // e = exp(-x); sigma = 1 / (1 + e); silu' = sigma + silu (1 - sigma).
    const s0 = f32x4.div(one, madd(p0, i32x4.shl(e0, 23), one)), s1 = f32x4.div(one, madd(p1, i32x4.shl(e1, 23), one));
    x0 = f32x4.mul(x0, s0); x1 = f32x4.mul(x1, s1);
    v128.store(x, x1, 16); v128.store(x, x0);
    z0 = madd(x0, f32x4.sub(one, s0), s0); z1 = madd(x1, f32x4.sub(one, s1), s1);
    v128.store(slope, z1, 16); v128.store(slope, z0);
  }
}

/**
 * X -> gelu(X) in place, its derivative to `slope`, over `n` floats (a multiple of eight). With v = scale
 * (x + cubic x^3) and sigma = 1 / (1 + e^-v): gelu = x sigma, gelu' = sigma + x sigma (1 - sigma) v',
 * v' = scale (1 + 3 cubic x^2).
 */
export function geluSlopeRow(x: usize, slope: usize, n: i32): void {
  const end = x + (<usize>n << 2), t = constants;
  const rate = v128.load32_splat(t, MINUS_LOG2E << 2), shifter = v128.load32_splat(t, SHIFTER << 2);
  const f5 = v128.load32_splat(t, F5 << 2), f4 = v128.load32_splat(t, F4 << 2), f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2), f1 = v128.load32_splat(t, F1 << 2), one = v128.load32_splat(t, ONE << 2);
  for (; x < end; x += 32, slope += 32) {
    let x0 = v128.load(x), x1 = v128.load(x, 16);
    const scale = v128.load32_splat(t, GELU_SCALE << 2);
    let c = v128.load32_splat(t, GELU_CUBIC << 2);
    const q0 = f32x4.mul(f32x4.mul(x0, x0), c), q1 = f32x4.mul(f32x4.mul(x1, x1), c);
    let z0 = f32x4.mul(f32x4.mul(x0, scale), f32x4.add(q0, one)), z1 = f32x4.mul(f32x4.mul(x1, scale), f32x4.add(q1, one));
    c = v128.load32_splat(t, TOP_X << 2);
    const bottom = v128.load32_splat(t, BOTTOM_X << 2);
    z0 = clamped(z0, c, bottom); z1 = clamped(z1, c, bottom);
    const e0 = madd(z0, rate, shifter), e1 = madd(z1, rate, shifter);
    z0 = madd(z0, rate, f32x4.sub(shifter, e0)); z1 = madd(z1, rate, f32x4.sub(shifter, e1));
    const p0 = power(z0, f5, f4, f3, f2, f1, one), p1 = power(z1, f5, f4, f3, f2, f1, one);
    const s0 = f32x4.div(one, madd(p0, i32x4.shl(e0, 23), one)), s1 = f32x4.div(one, madd(p1, i32x4.shl(e1, 23), one));
    x0 = f32x4.mul(x0, s0); x1 = f32x4.mul(x1, s1);
    c = v128.load32_splat(t, THREE << 2);
    z0 = f32x4.mul(scale, madd(q0, c, one)); z1 = f32x4.mul(scale, madd(q1, c, one));
    z0 = madd(f32x4.mul(x0, f32x4.sub(one, s0)), z0, s0); z1 = madd(f32x4.mul(x1, f32x4.sub(one, s1)), z1, s1);
    v128.store(x, x1, 16); v128.store(x, x0);
    v128.store(slope, z1, 16); v128.store(slope, z0);
  }
}
