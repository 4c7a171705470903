import {
  addFlops,
  type Codes,
  candidateFlops,
  codeSymbols,
  codeTokens,
  type Flops,
  type ModelConfig,
  modelWidths,
  workloadOf,
} from '@seqrec/models';
import { encoderFlops } from './step.ts';

/**
 * A training step of generation by an encoder over codes, on histories of so many events: its tokens are the codes of
 * the events and of the item after them but its last, and each level is a softmax over its codes.
 *
 * @param config of the encoder, its `maxSequenceLength` in events. @throws ConfigError as {@link encoderFlops}.
 */
export function codeStepFlops(config: ModelConfig, codes: Codes, lengths: ArrayLike<number>): Flops {
  const { levels, sizes, count } = codeSymbols(codes);
  const tokens = Array.from(lengths, (events) => codeTokens(events, levels));
  const work = { embeddingDim: modelWidths(config).vector, numItems: count };
  const labels = Array.from(lengths).reduce((sum, events) => sum + events, 0);
  // The score of a label is one more product.
  const answers = sizes.map((size) => candidateFlops(size, { ...work, labels }));
  return addFlops(encoderFlops(config, workloadOf(tokens, { itemRows: count + 1 })), ...answers);
}
