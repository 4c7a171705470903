import { useBackend } from '@seqrec/core';
import { describe, expect, test } from 'vitest';
import { renderListing } from '../../terminal/listing.ts';
import { benchGpu, gpuMemory, listGpuBench, listGpuMemory } from './gpu.ts';
import { profileSteps, renderProfile } from './profile.ts';

const absent = await useBackend('webgpu').then(
  () => undefined,
  (error: Error) => error.message,
);
const backend = { backend: 'webgpu' };

describe.skipIf(absent !== undefined)(absent === undefined ? 'on a GPU' : `on a GPU (absent: ${absent})`, () => {
  test('every program has a rate and a share of the peak', async () => {
    const request = { backend, rounds: 1, peer: false, quiet: true, lengths: [64], widths: [32], tokens: 128 };
    const bench = await benchGpu(request);
    expect(bench.rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['hstu+bias, forward', 'softmax, backward', 'AdamW', 'sampled softmax, gradient']),
    );
    expect(bench.rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['product', 'gated recurrence, gradient', 'HSTU, last queries', 'lists of 128 queries']),
    );
    for (const row of bench.rows) {
      expect(row.seconds, row.name).toBeGreaterThan(0);
      expect(row.gbytes, row.name).toBeGreaterThan(0);
      expect(row.share, row.name).toBeGreaterThan(0);
    }
    expect(renderListing(listGpuBench(bench))).toContain('2 x 64');
  });

  test('attention holds nothing of N x N', async () => {
    const memory = await gpuMemory({ backend, length: 4096, width: 16 });
    // Scores of one head alone would be 64 MiB; partial sums of the bias gradient are at most 32 MiB.
    expect(memory.bytes).toBeLessThan(64 * 2 ** 20 + 12 * 4 * 4096 * 4 * 16 + 3 * 4 * 2 ** 24);
    expect(renderListing(listGpuMemory(memory))).toContain('N = 4096, H = 4');
  });

  test('the profile times kernels on the device', async () => {
    const overrides = [{ key: 'model.maxSequenceLength', text: '20' }];
    const request = { recipe: 'ml-100k/hstu', overrides, backend, quiet: true, standInItems: 100 };
    const profile = await profileSteps({ ...request, steps: 2 });
    expect(profile.clock).toBe('device');
    expect(profile.programs).toBeGreaterThan(100);
    const attention = profile.kernels.find(({ kernel }) => kernel === 'HstuAttentionGrad');
    expect(attention?.calls).toBe(4);
    expect(attention?.seconds).toBeGreaterThan(0);
    expect(profile.kernels.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(profile.seconds);
    expect(renderProfile(profile)).toContain('by timestamps of the GPU');
  });
});
