// Row-wise AdamW in place, on the rows of a table that have a gradient: one second moment a row.
import { flt, int, loadPart, madd, ptr, squareRoot, storePart, sumLanes } from './env';

/**
 * args: param, ids, m, v, grad, rates, corrections, U, D, rows per task, beta1, 1 - beta1, beta2,
 *       (1 - beta2) / D, epsilon, lr * wd, whole
 * grad, rates and corrections go by u, param by ids[u]; m and v by u, or when whole by ids[u]. Ids are unique, so
 * that no two tasks meet in a row.
 */
export function rowwiseAdamw(args: usize, task: i32): void {
  const d = int(args, 8);
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 7));
  const bytes = <usize>d << 2;
  const whole = <usize>(d & ~3) << 2;
  const left = d & 3;
  const beta1 = v128.load32_splat(args, 10 * 4), rest1 = v128.load32_splat(args, 11 * 4);
  const decay = v128.load32_splat(args, 15 * 4);
  const all = int(args, 16);
  for (let u = <usize>begin; u < <usize>end; u++) {
    const id = <usize>load<u32>(ptr(args, 1) + (u << 2));
    const row = all ? id : u;
    const w = ptr(args, 0) + id * bytes;
    const m = ptr(args, 2) + row * bytes;
    const g = ptr(args, 4) + u * bytes;

    let squares = f32x4.splat(0);
    for (let o: usize = 0; o < whole; o += 16) {
      const grad = v128.load(g + o);
      squares = madd(grad, grad, squares);
    }
    if (left) {
      const grad = loadPart(g + whole, left);
      squares = madd(grad, grad, squares);
    }
    const at = ptr(args, 3) + (row << 2);
    const v = load<f32>(at) * flt(args, 12) + sumLanes(squares) * flt(args, 13);
    store<f32>(at, v);
    const correction = load<f32>(ptr(args, 6) + (u << 2));
    const size = f32x4.splat(load<f32>(ptr(args, 5) + (u << 2)) / (squareRoot(v) * correction + flt(args, 14)));

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
