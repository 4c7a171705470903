import { describe, expect, it } from 'vitest';
import { Admission } from './admission.ts';

const never = () => new Promise<void>(() => undefined);

describe('admission', () => {
  it('refuses when those that wait are expected to take longer than the bound', async () => {
    const admission = new Admission({ latencyMs: 100, queue: 1000, batch: 64 });
    for (const requests of [1, 10, 5]) admission.took(requests, 30 * requests);
    for (let i = 0; i < 4; i++) void admission.through(never);
    await expect(admission.through(never)).rejects.toMatchObject({
      kind: 'busy',
      facts: { waiting: 4, retryAfterSeconds: 1 },
      message: 'expected a queue of at most 1000 requests and 100 ms; got 4 requests, about 120 ms; try again later',
    });
    expect(admission.waiting).toBe(4);
  });

  it('lets in whatever comes when nobody waits, however slow the last batch was', async () => {
    const admission = new Admission({ latencyMs: 100, queue: 1000, batch: 64 });
    admission.took(1, 60_000);
    expect(await admission.through(async () => 7)).toBe(7);
    void admission.through(never);
    await expect(admission.through(never)).rejects.toMatchObject({ facts: { waiting: 1, retryAfterSeconds: 60 } });
  });

  it('a place is free again after what failed, too', async () => {
    const admission = new Admission({ latencyMs: 100, queue: 1, batch: 64 });
    await expect(admission.through(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(admission.waiting).toBe(0);
  });
});
