import { logSumExpScores } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import type { TokenEncoder } from '../model.ts';
import { scaledQueries } from '../objectives/temperature.ts';
import type { BatchPart } from '../tasks/part.ts';
import { codeBatch } from './code-batch.ts';
import type { CodeSymbols } from './code-symbols.ts';
import type { DenseHead } from './dense/head.ts';
import { type DenseLoss, denseLoss } from './dense/loss.ts';
import { cachedReader, repeatedReader } from './encoder-readers.ts';
import type { CodeWriter } from './generator.ts';

export interface CodeDecoderOptions {
  /** What scores are divided by before the softmax. */
  readonly temperature: number;
  /**
   * Whether beams share what the encoder has kept of a history; an encoder whose state cannot grow reads it anew for
   * each. See `incrementalOf`.
   */
  readonly isCached: boolean;
  /** Vectors of items that are learned beside the codes; default: none. */
  readonly dense?: DenseLoss & { readonly head: DenseHead };
}

/**
 * Decoder-only generation by an encoder of histories whose items are codes: the code after a token has the score
 * `<encode(token), vector(code)> / temperature`, and the softmax is over the codes of its level,
 *
 * ```
 * loss = - sum over items to predict, levels l of log softmax_{K_l}(scores)[c_l]
 * ```
 *
 * One pass over `n L + L - 1` tokens trains on every item after the first. With `dense` the loss has a second half:
 * see `denseLoss`.
 *
 * Differs from Rajput et al. 2023 (TIGER) in: one causal stack for an encoder and a decoder, no user token.
 */
export function codeDecoder(encoder: TokenEncoder, { temperature, isCached, dense }: CodeDecoderOptions): CodeWriter {
  return {
    loss: ({ symbols, batch, part, run }) => {
      const { batch: codes, asked } = codeBatch(batch.host, symbols, { targets: true });
      const ownRun = { ...run, ...(run.before && { before: { ...run.before, tokens: tokensBefore(part, symbols) } }) };
      const sum = tf.tidy(() => {
        const encoded = encoder.encode(uploadBatch(codes), ownRun);
        const vectors = encoder.itemVectors(ownRun);
        const losses = asked.map(({ tokens, rows }, level) => {
          const own = tf.gather(encoded, tf.tensor1d(tokens, 'int32')) as tf.Tensor2D;
          const { queries, temperature: left } = scaledQueries(encoder, own, temperature);
          const scaled = left === 1 ? queries : tf.div(queries, left);
          const all = tf.slice(vectors, [symbols.firsts[level], 0], [symbols.sizes[level], -1]);
          const labels = tf.gather(vectors, tf.tensor1d(rows, 'int32'));
          const total = logSumExpScores({ queries: scaled, items: all });
          return tf.sub(tf.sum(total), tf.sum(tf.mul(scaled, labels)));
        });
        if (dense !== undefined) {
          const own = tf.gather(encoded, tf.tensor1d(asked[dense.after].tokens, 'int32')) as tf.Tensor2D;
          losses.push(denseLoss(dense.head, own, batch.host.targets, dense));
        }
        return tf.addN(losses) as tf.Scalar;
      });
      return { sum, weight: batch.numTokens };
    },
    read: (histories: SequenceBatch, symbols: CodeSymbols) => {
      const parts = { encoder, symbols, temperature };
      return isCached ? cachedReader(parts, histories) : repeatedReader(parts, histories);
    },
  };
}

/** Codes of the batch before a part: random streams count on from there. */
function tokensBefore(
  { firstSequence, firstToken }: BatchPart,
  { levels }: CodeSymbols,
): NonNullable<Run['before']>['tokens'] {
  return firstToken * levels + firstSequence * (levels - 1);
}
