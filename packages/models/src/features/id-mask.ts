import { dropoutThreshold, philox4x32, streamKey } from '@seqrec/core';
import type { Run } from '../layers/layer.ts';
import { UNKNOWN_ID } from './unknown-id.ts';

/**
 * 1 for each item whose id vector a forward pass reads, 0 for one without a training event and, in training, for a
 * share `rate` of the items: those whose word of the stream `dropout/item-ids` at the run's step is below the
 * threshold. The word is that of the item and not of its place, so that row-wise training drops the same.
 *
 * @param ids the item of each row; absent: row `i` is item `i`.
 */
export function idMask(trained: Uint8Array, rate: number, run: Run, ids?: Int32Array): Float32Array {
  const count = ids?.length ?? trained.length;
  const mask = new Float32Array(count);
  const drops = run.training && rate > 0;
  const { k0, k1 } = streamKey(run.seed, 'dropout/item-ids');
  const threshold = dropoutThreshold(rate);
  const words = new Uint32Array(4);
  let block = -1;
  for (let row = 0; row < count; row++) {
    const item = ids?.[row] ?? row;
    if (trained[item] === 0) continue;
    if (drops) {
      const counter = item >>> 2;
      if (counter !== block) {
        philox4x32(counter, 0, run.step, 0, k0, k1, words);
        block = counter;
      }
      if (words[item & 3] < threshold) continue;
    }
    mask[row] = 1;
  }
  return mask;
}

/** The row of each item in a table of ids: that of the items not known where {@link idMask} is 0. */
export function knownRows(ids: Int32Array, trained: Uint8Array, rate: number, run: Run): Int32Array {
  const mask = idMask(trained, rate, run, ids);
  return ids.map((id, row) => (mask[row] === 0 ? UNKNOWN_ID : id));
}
