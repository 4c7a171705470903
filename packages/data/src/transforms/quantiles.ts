/** The quantiles `1/n, 2/n, ...` of the values, each once; buckets without a value between them do not exist. */
export function quantilesOf(numbers: Float64Array, buckets: number): number[] {
  const values = numbers.filter((value) => !Number.isNaN(value)).sort();
  const bounds: number[] = [];
  for (let b = 1; b < buckets; b++) {
    const bound = values[Math.floor((b * values.length) / buckets)];
    if (bound !== undefined && bound > values[0] && bound !== bounds.at(-1)) bounds.push(bound);
  }
  return bounds;
}
