/** The popularity rank at a uniform number in [0, 1): a real number in `[1, items + 1)`, see {@link zipfWorld}. */
export function zipfRank(uniform: number, items: number, exponent: number): number {
  if (exponent === 1) return (items + 1) ** uniform;
  const power = 1 - exponent;
  return (((items + 1) ** power - 1) * uniform + 1) ** (1 / power);
}
