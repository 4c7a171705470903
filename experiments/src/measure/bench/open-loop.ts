import { type RandomKey, uniform01 } from '@seqrec/core';
import { percentile } from './statistics.ts';

/** Gaps between arrivals of a Poisson process of one arrival a millisecond, in milliseconds. */
export function poissonGaps(key: RandomKey, count: number): Float64Array {
  return uniform01(key, 0, count).map((u) => -Math.log(1 - u));
}

/** `count` draws of `0 .. n - 1` with weights `(i + 1)^-s`. */
export function zipfDraws(
  key: RandomKey,
  { n, s }: { readonly n: number; readonly s: number },
  count: number,
): Int32Array {
  const cumulative = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += (i + 1) ** -s;
    cumulative[i] = sum;
  }
  return Int32Array.from(uniform01(key, 0, count), (u) => {
    let [low, high] = [0, n - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > u * sum) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/**
 * Milliseconds from arrival to answer of each request, by one server that takes them in order: arrivals are
 * `gaps / rate` apart whatever the server does (open loop), and a request waits until those before it are done:
 * `W_i = max(0, W_(i-1) + S_(i-1) - A_i)`, `S` the service times.
 *
 * @param rate arrivals a millisecond
 *
 * Source: Lindley 1952, "The theory of queues with a single server".
 */
export function responseTimes(service: readonly number[], gaps: ArrayLike<number>, rate: number): number[] {
  let wait = 0;
  return service.map((own, i) => {
    if (i > 0) wait = Math.max(0, wait + service[i - 1] - gaps[i] / rate);
    return wait + own;
  });
}

/**
 * The largest rate, arrivals a second, at which `share` of the requests are answered within `bound` milliseconds: 0
 * where their service alone takes longer, at most one over the mean service time, beyond which the queue grows for
 * ever. With the same gaps every response time grows with the rate, so that bisection finds it.
 */
export function largestRate(
  service: readonly number[],
  gaps: ArrayLike<number>,
  { bound, share }: { readonly bound: number; readonly share: number },
): number {
  const holds = (rate: number): boolean => percentile(responseTimes(service, gaps, rate), share) <= bound;
  if (percentile(service, share) > bound) return 0;
  const mean = service.reduce((sum, x) => sum + x, 0) / service.length;
  let [low, high] = [0, 1 / mean];
  if (holds(high)) return 1000 * high;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return 1000 * low;
}
