import { median, percentile } from './statistics.ts';

/** Milliseconds of calls. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
  readonly calls: number;
}

export function latencyOf(milliseconds: readonly number[]): Latency {
  return { median: median(milliseconds), p99: percentile(milliseconds, 0.99), calls: milliseconds.length };
}

export interface Calls {
  readonly warm: number;
  /** At least one, and as many as begin within `budget` milliseconds, at most `most`. */
  readonly most: number;
  readonly budget: number;
  /** Undoes a call, not timed. */
  readonly after?: () => Promise<unknown>;
}

/** Calls one after the other, some of them first that are not timed; adds the milliseconds of each to `into`. */
export async function timeCalls(
  call: () => Promise<unknown>,
  { warm, most, budget, after }: Calls,
  into: number[],
): Promise<void> {
  for (let i = 0; i < warm; i++) {
    await call();
    await after?.();
  }
  const start = performance.now();
  let calls = 0;
  do {
    const begin = performance.now();
    await call();
    into.push(performance.now() - begin);
    await after?.();
  } while (++calls < most && performance.now() - start < budget);
}
