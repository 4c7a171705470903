/** To the nearest number of half precision: 11 bits of significand; for numbers of its range. */
export function half(x: number): number {
  if (x === 0) return 0;
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(x)))) - 10);
  const down = Math.floor(x / unit);
  const rest = x / unit - down;
  return (rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down) * unit;
}
