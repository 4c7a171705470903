import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { TokenEncoder } from '../model.ts';
import type { BatchPart } from '../tasks/part.ts';
import { answerLoss } from './answer-loss.ts';
import { codeBatch } from './code-batch.ts';
import type { CodeSymbols } from './code-symbols.ts';
import type { DenseHead } from './dense/head.ts';
import { type DenseLoss, denseLoss } from './dense/loss.ts';
import { encoderReader } from './encoder-readers.ts';
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
  /** A row that every history begins with; default: none. */
  readonly opening?: number;
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
export function codeDecoder(
  encoder: TokenEncoder,
  { temperature, isCached, dense, opening }: CodeDecoderOptions,
): CodeWriter {
  return {
    loss: ({ symbols, batch, part, run }) => {
      const { batch: codes, asked } = codeBatch(batch.host, symbols, { targets: true, opening });
      const groups = asked.map((own, level) => ({ ...own, first: symbols.firsts[level], size: symbols.sizes[level] }));
      const tokens = tokensBefore(part, symbols) + (opening === undefined ? 0 : part.firstSequence);
      const ownRun = { ...run, ...(run.before && { before: { ...run.before, tokens } }) };
      const beside =
        dense &&
        ((encoded: tf.Tensor2D) => {
          const own = tf.gather(encoded, tf.tensor1d(asked[dense.after].tokens, 'int32')) as tf.Tensor2D;
          return denseLoss(dense.head, own, batch.host.targets, dense);
        });
      const sum = answerLoss(encoder, codes, groups, { temperature, run: ownRun, ...(beside && { beside }) });
      return { sum, weight: batch.numTokens };
    },
    read: (histories: SequenceBatch, symbols: CodeSymbols) => {
      const { batch } = codeBatch(histories, symbols, { targets: false, opening });
      const answers = (level: number) => ({ first: symbols.firsts[level], size: symbols.sizes[level] });
      return encoderReader({ encoder, temperature, isCached, answers }, batch);
    },
  };
}

/** Codes of the batch before a part: random streams count on from there. */
function tokensBefore({ firstSequence, firstToken }: BatchPart, { levels }: CodeSymbols): number {
  return firstToken * levels + firstSequence * (levels - 1);
}
