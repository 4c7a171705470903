import { expect, it } from 'vitest';
import { renderListing } from '../../terminal/listing.ts';
import { benchSoftmax, listSoftmaxBench } from './softmax.ts';

it('times loss and gradients, and says what the heap holds', async () => {
  const size = { tokens: 3000, items: 2000, width: 8 };
  const bench = await benchSoftmax({ backend: { backend: 'simd' }, rounds: 1, peer: false, size });
  expect(bench.seconds).toBeGreaterThan(0);
  // Scores would take 24 MB; a machine under load was seen to hold 6.4 of them, where 1.3 are usual.
  expect(bench.peakBytes).toBeLessThan(12 * 2 ** 20);
  expect([bench.peer, bench.ratio, bench.missing]).toEqual([undefined, undefined, undefined]);
  const text = renderListing(listSoftmaxBench(bench));
  expect(text).toMatch(/3,000 tokens x 2,000 items, D = 8/);
  expect(text).toMatch(/seqrec simd +\d/);
});

it('says how many times as long the peer takes', () => {
  const size = { tokens: 10, items: 20, width: 4 };
  const peer = { torch: '2.15.0, MKL', seconds: 3, peakBytes: 2 ** 30 };
  const bench = { backend: 'simd', details: {}, size, seconds: 1.2, peakBytes: 2 ** 20, peer, ratio: 2.5 };
  expect(renderListing(listSoftmaxBench(bench))).toMatch(
    /PyTorch 2\.15\.0, MKL +3\.000 .*1\.0 GiB[\s\S]*PyTorch over seqrec: 2\.50/,
  );
});
