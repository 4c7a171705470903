// Products and sums of rows, element by element.

/** y = a b over a row of `bytes`; y may be a or b. */
// @ts-ignore: decorator
@inline
export function timesRow(a: usize, b: usize, y: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const lower = f32x4.mul(v128.load(a + i), v128.load(b + i));
    const upper = f32x4.mul(v128.load(a + i, 16), v128.load(b + i, 16));
    v128.store(y + i, upper, 16); v128.store(y + i, lower);
  }
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(a + i) * load<f32>(b + i));
}

/** y = a + b over a row of `bytes`; y may be a or b. */
// @ts-ignore: decorator
@inline
export function addRow(a: usize, b: usize, y: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const lower = f32x4.add(v128.load(a + i), v128.load(b + i));
    const upper = f32x4.add(v128.load(a + i, 16), v128.load(b + i, 16));
    v128.store(y + i, upper, 16); v128.store(y + i, lower);
  }
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(a + i) + load<f32>(b + i));
}
