/** The `n`-th largest of the first `count` values, `1 <= n <= count`: the root of a heap of the `n` largest so far. */
export function nthLargest(values: Float64Array, count: number, n: number): number {
  const heap = values.slice(0, n).sort();
  for (let i = n; i < count; i++) {
    const value = values[i];
    if (!(value > heap[0])) continue;
    let at = 0;
    for (let child = 1; child < n; child = 2 * at + 1) {
      if (child + 1 < n && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= value) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
  }
  return heap[0];
}
