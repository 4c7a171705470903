import { embedding, offsetsOf } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { HstuLayer } from '../../encoders/hstu/layer.ts';
import { hostIntegers } from '../../host-integers.ts';
import type { FreshKeys, MemoryKeys, TokenMemory } from '../../layers/memory.ts';
import type { RequestLayout } from './layout.ts';

/** Keys and values of histories, by layer: what candidates are judged with. */
class HistoryKeys implements TokenMemory {
  areCandidates = false;
  private readonly kept = new Map<string, FreshKeys>();
  private readonly offsets: tf.Tensor1D;
  private readonly queryOffsets: tf.Tensor1D;

  constructor(historyOffsets: Int32Array, candidateOffsets: Int32Array) {
    this.offsets = hostIntegers(historyOffsets);
    this.queryOffsets = hostIntegers(candidateOffsets);
  }

  keys(layer: string, fresh: FreshKeys): MemoryKeys {
    if (!this.areCandidates) {
      // The layer frees what it made when its pass is over.
      this.kept.set(layer, { k: tf.keep(fresh.k), v: tf.keep(fresh.v) });
      return { ...fresh, offsets: this.offsets };
    }
    const { k, v } = this.kept.get(layer) as FreshKeys;
    return { k, v, offsets: this.offsets, queryOffsets: this.queryOffsets, candidates: fresh };
  }

  dispose(): void {
    for (const { k, v } of this.kept.values()) tf.dispose([k, v]);
  }

  states(): never {
    throw new Error('hstu-ranker: no layer is recurrent');
  }

  keepStates(): never {
    return this.states();
  }
}

/**
 * What the blocks make of candidates, `[R, D]`, in two passes: contextual tokens and history first, which keeps keys
 * and values, then all candidates of the batch, each with those of its sequence and its own. A row then depends on
 * nothing of the other candidates, not even where among them it stands.
 *
 * Source: M-FALCON, Zhai et al. 2024, section 3.4 (arXiv:2402.17152).
 */
export function candidateRows(stack: readonly HstuLayer[], tokens: tf.Tensor2D, layout: RequestLayout): tf.Tensor2D {
  const { offsets, numTargets, candidates } = layout;
  return tf.tidy(() => {
    const lengths = numTargets.map((targets, b) => offsets[b + 1] - offsets[b] - targets);
    const historyOffsets = offsetsOf(lengths);
    const history = new Int32Array(historyOffsets[lengths.length]);
    for (const [b, length] of lengths.entries()) {
      for (let t = 0; t < length; t++) history[historyOffsets[b] + t] = offsets[b] + t;
    }
    const counts = new Array<number>(lengths.length).fill(0);
    for (let r = 0, b = 0; r < candidates.length; r++) {
      while (candidates[r] >= offsets[b + 1]) b++;
      counts[b]++;
    }
    const candidateOffsets = offsetsOf(counts);
    const memory = new HistoryKeys(historyOffsets, candidateOffsets);
    const pass = (rows: Int32Array, bounds: Int32Array): tf.Tensor2D => {
      const at = hostIntegers(bounds);
      const run = { training: false, step: 0, seed: 0, memory };
      return stack.reduce(
        (x, layer) => layer.apply([x, at], run) as tf.Tensor2D,
        embedding(tokens, tf.tensor1d(rows, 'int32')),
      );
    };
    try {
      pass(history, historyOffsets);
      memory.areCandidates = true;
      return pass(candidates, candidateOffsets);
    } finally {
      memory.dispose();
    }
  });
}
