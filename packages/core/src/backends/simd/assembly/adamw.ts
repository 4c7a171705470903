// AdamW in place (as torch.optim.AdamW): weight decay on the parameter, then the bias-corrected step.
import * as ADAMW from '../slots/adamw';
import { int, madd, ptr, scratch } from './env';

/**
 * args: `slots/adamw.ts`
 */
export function adamw(args: usize, task: i32): void {
  const begin = task * int(args, ADAMW.PER_TASK);
  const n = min(int(args, ADAMW.PER_TASK), int(args, ADAMW.N) - begin);
  const o = <usize>begin << 2;
  let p = ptr(args, ADAMW.PARAM) + o, m = ptr(args, ADAMW.M) + o, v = ptr(args, ADAMW.V) + o, g = ptr(args, ADAMW.GRAD) + o;
  const whole = n & ~3;
  update(args, p, m, v, g, whole);
  const left = <usize>(n - whole) << 2;
  if (left) {
    // The last one to three elements take the same path through a padded copy.
    const done = <usize>whole << 2;
    p += done; m += done; v += done; g += done;
    const t = scratch;
    memory.fill(t, 0, 64);
    memory.copy(t, p, left);
    memory.copy(t + 16, m, left);
    memory.copy(t + 32, v, left);
    memory.copy(t + 48, g, left);
    update(args, t, t + 16, t + 32, t + 48, 4);
    memory.copy(p, t, left);
    memory.copy(m, t + 16, left);
    memory.copy(v, t + 32, left);
  }
}

function update(args: usize, p: usize, m: usize, v: usize, g: usize, n: i32): void {
  const decay = v128.load32_splat(args, ADAMW.DECAY << 2);
  const beta1 = v128.load32_splat(args, ADAMW.BETA1 << 2), rest1 = v128.load32_splat(args, ADAMW.BETA1_REST << 2);
  const beta2 = v128.load32_splat(args, ADAMW.BETA2 << 2), rest2 = v128.load32_splat(args, ADAMW.BETA2_REST << 2);
  const rate = v128.load32_splat(args, ADAMW.RATE << 2);
  const correction = v128.load32_splat(args, ADAMW.CORRECTION << 2), epsilon = v128.load32_splat(args, ADAMW.EPSILON << 2);
  for (let i = 0; i < n; i += 4) {
    const grad = v128.load(g);
    const m1 = madd(v128.load(m), beta1, f32x4.mul(grad, rest1));
    const v1 = madd(v128.load(v), beta2, f32x4.mul(f32x4.mul(grad, grad), rest2));
    v128.store(m, m1);
    v128.store(v, v1);
    const denominator = madd(f32x4.sqrt(v1), correction, epsilon);
    // The decay is subtracted: a factor 1 - lr wd, rounded, would drift.
    const w = v128.load(p);
    v128.store(p, f32x4.sub(f32x4.sub(w, f32x4.mul(w, decay)), f32x4.div(f32x4.mul(m1, rate), denominator)));
    p += 16; m += 16; v += 16; g += 16;
  }
}
