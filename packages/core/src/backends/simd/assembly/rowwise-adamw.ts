// Row-wise AdamW in place, on the rows of a table that have a gradient: one second moment a row.
import * as ROWWISE_ADAMW from '../slots/rowwise-adamw';
import { flt, int, loadPart, madd, ptr, squareRoot, storePart, sumLanes } from './env';

/**
 * args: `slots/rowwise-adamw.ts`
 * grad, rates and corrections go by u, param by ids[u]; m and v by u, or when whole by ids[u]. Ids are unique, so
 * that no two tasks meet in a row.
 */
export function rowwiseAdamw(args: usize, task: i32): void {
  const d = int(args, ROWWISE_ADAMW.D);
  const begin = task * int(args, ROWWISE_ADAMW.PER_TASK);
  const end = min(begin + int(args, ROWWISE_ADAMW.PER_TASK), int(args, ROWWISE_ADAMW.ROWS));
  const bytes = <usize>d << 2;
  const whole = <usize>(d & ~3) << 2;
  const left = d & 3;
  const beta1 = v128.load32_splat(args, ROWWISE_ADAMW.BETA1 << 2), rest1 = v128.load32_splat(args, ROWWISE_ADAMW.BETA1_REST << 2);
  const decay = v128.load32_splat(args, ROWWISE_ADAMW.DECAY << 2);
  const all = int(args, ROWWISE_ADAMW.WHOLE);
  for (let u = <usize>begin; u < <usize>end; u++) {
    const id = <usize>load<u32>(ptr(args, ROWWISE_ADAMW.IDS) + (u << 2));
    const row = all ? id : u;
    const w = ptr(args, ROWWISE_ADAMW.PARAM) + id * bytes;
    const m = ptr(args, ROWWISE_ADAMW.M) + row * bytes;
    const g = ptr(args, ROWWISE_ADAMW.GRAD) + u * bytes;

    let squares = f32x4.splat(0);
    for (let o: usize = 0; o < whole; o += 16) {
      const grad = v128.load(g + o);
      squares = madd(grad, grad, squares);
    }
    if (left) {
      const grad = loadPart(g + whole, left);
      squares = madd(grad, grad, squares);
    }
    const at = ptr(args, ROWWISE_ADAMW.V) + (row << 2);
    const v = load<f32>(at) * flt(args, ROWWISE_ADAMW.BETA2) + sumLanes(squares) * flt(args, ROWWISE_ADAMW.BETA2_REST);
    store<f32>(at, v);
    const correction = load<f32>(ptr(args, ROWWISE_ADAMW.CORRECTIONS) + (u << 2));
    const size = f32x4.splat(load<f32>(ptr(args, ROWWISE_ADAMW.RATES) + (u << 2)) / (squareRoot(v) * correction + flt(args, ROWWISE_ADAMW.EPSILON)));

    for (let o: usize = 0; o < whole; o += 16) {
      const m1 = madd(v128.load(m + o), beta1, f32x4.mul(v128.load(g + o), rest1));
      v128.store(m + o, m1);
      const x = v128.load(w + o);
      v128.store(w + o, f32x4.sub(f32x4.sub(x, f32x4.mul(x, decay)), f32x4.mul(m1, size)));
    }
    if (left) {
      const m1 = madd(loadPart(m + whole, left), beta1, f32x4.mul(loadPart(g + whole, left), rest1));
      storePart(m + whole, m1, left);
      const x = loadPart(w + whole, left);
      storePart(w + whole, f32x4.sub(f32x4.sub(x, f32x4.mul(x, decay)), f32x4.mul(m1, size)), left);
    }
  }
}
