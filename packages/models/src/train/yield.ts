/**
 * Lets timers, input and signal handlers run. A promise that is already resolved would not: it stays in the same turn.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
