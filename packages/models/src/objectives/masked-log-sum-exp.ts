import * as tf from '@tensorflow/tfjs-core';

export interface LogSumExpOptions {
  /** float32 `[P, D]`. */
  readonly queries: tf.Tensor2D;
  /** float32 `[N, D]`. */
  readonly candidates: tf.Tensor2D;
  /** float32 `[N]`, added to the score of each candidate; no gradient. */
  readonly bias?: tf.Tensor1D;
  /** Which candidates do not count. */
  readonly mask?: CandidateMask;
}

/** Additive masks shared by groups of queries, no gradient. */
export interface CandidateMask {
  /** float32 `[G, N]`: 0, or {@link MASKED}. */
  readonly values: tf.Tensor2D;
  /** Group of each query, `[P]`. */
  readonly groups: Int32Array;
}

/** Score of a candidate that does not count. Finite, so that a query with none left has a finite result. */
export const MASKED = -1e9;

/** Scores held at a time: 16 MiB. */
const BLOCK_SCORES = 2 ** 22;

/**
 * `log sum_n exp(q_p . c_n + bias_n + mask_pn)` for every query, without ever holding `[P, N]`: scores are computed in
 * blocks of queries, and once more for the gradient.
 *
 * Memory beside inputs and gradients: `max(N, 2^22)` floats for scores and as many for
 * probabilities, `P` for the result.
 *
 * @returns float32 `[P]`
 */
export function maskedLogSumExp({ queries, candidates, bias, mask }: LogSumExpOptions): tf.Tensor1D {
  const constants = { bias: bias ?? tf.tensor1d([]), mask: mask?.values ?? tf.tensor2d([], [0, 0]) };
  const run = tf.customGrad((...args) => {
    const [q, c] = args as unknown as [tf.Tensor2D, tf.Tensor2D];
    const blocks = blocksOf(q.shape[0], c.shape[0]);
    const parts = blocks.map((block) =>
      tf.tidy(() => tf.logSumExp(blockScores({ q, c, ...constants }, mask?.groups, block), 1)),
    );
    const value = parts.length === 0 ? tf.zeros([0]) : tf.concat(parts as tf.Tensor1D[]);
    // Constants are saved too: what a forward pass makes and does not save is gone when the gradient is taken.
    (args[2] as unknown as tf.GradSaveFunc)([q, c, constants.bias, constants.mask, value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [savedQ, savedC, savedBias, savedMask, lse] = saved as [tf.Tensor2D, tf.Tensor2D, ...tf.Tensor[]];
      const inputs = { q: savedQ, c: savedC, bias: savedBias, mask: savedMask };
      return tf.tidy(() => {
        const dQueries: tf.Tensor2D[] = [];
        let dCandidates: tf.Tensor = tf.zerosLike(savedC);
        for (const block of blocks) {
          const before = dCandidates;
          const [dQuery, after] = tf.tidy(() => {
            const shifted = tf.sub(blockScores(inputs, mask?.groups, block), column(lse, block));
            const weights = tf.mul(tf.exp(shifted), column(dy, block)) as tf.Tensor2D;
            const own = tf.slice(savedQ, [block.start, 0], [block.count, -1]);
            return [tf.matMul(weights, savedC), tf.add(before, tf.matMul(weights, own, true, false))];
          });
          before.dispose();
          dQueries.push(dQuery as tf.Tensor2D);
          dCandidates = after;
        }
        return [dQueries.length === 0 ? tf.zerosLike(savedQ) : tf.concat(dQueries, 0), dCandidates];
      });
    };
    return { value, gradFunc };
  });
  return run(queries, candidates) as tf.Tensor1D;
}

interface Block {
  readonly start: number;
  readonly count: number;
}

interface ScoreInputs {
  readonly q: tf.Tensor2D;
  readonly c: tf.Tensor2D;
  /** `[N]`, or `[0]` for none. */
  readonly bias: tf.Tensor;
  /** `[G, N]`, or `[0, 0]` for none. */
  readonly mask: tf.Tensor;
}

/** Scores `[count, N]` of a block of queries. */
function blockScores({ q, c, bias, mask }: ScoreInputs, groups: Int32Array | undefined, block: Block): tf.Tensor2D {
  const { start, count } = block;
  let scores: tf.Tensor = tf.matMul(tf.slice(q, [start, 0], [count, -1]), c, false, true);
  if (bias.size > 0) scores = tf.add(scores, bias);
  if (groups === undefined || mask.size === 0) return scores as tf.Tensor2D;
  return tf.add(scores, tf.gather(mask, tf.tensor1d(groups.subarray(start, start + count), 'int32')));
}

function column(x: tf.Tensor, { start, count }: Block): tf.Tensor {
  return tf.reshape(tf.slice(x as tf.Tensor1D, [start], [count]), [count, 1]);
}

function blocksOf(queries: number, candidates: number): Block[] {
  const size = Math.max(1, Math.floor(BLOCK_SCORES / Math.max(1, candidates)));
  const blocks: Block[] = [];
  for (let start = 0; start < queries; start += size) blocks.push({ start, count: Math.min(size, queries - start) });
  return blocks;
}
