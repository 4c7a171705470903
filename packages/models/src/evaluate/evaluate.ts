import { yieldToEventLoop } from '../train/yield.ts';
import { type EncodeQueries, type EvaluateOptions, EvaluationBlocks, encodeQueries } from './evaluation-blocks.ts';
import type { Evaluation } from './protocol.ts';

/** What the vectors of queries are, in a printed definition. */
export const ENCODED_HISTORY = 'the encoded history';

/**
 * Exact ranking of every query against the whole catalogue.
 *
 * @throws EvaluationError when a cut-off exceeds the number of candidates, a target is no candidate, a history is
 *   longer than the model's maximum, a score is NaN, or the model gives all candidates of every query the same score.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { model } = options;
  return evaluateVectors(options, (batch, tokens) => encodeQueries(model, batch, tokens));
}

/**
 * {@link evaluate} by vectors that `encode` makes of the histories of a batch, whose last events are asked at the time
 * of the query.
 *
 * @param made what the vectors are, for the printed definition
 */
export async function evaluateVectors(
  options: EvaluateOptions,
  encode: EncodeQueries,
  made = ENCODED_HISTORY,
): Promise<Evaluation> {
  const blocks = new EvaluationBlocks(options, encode);
  const { total, count } = blocks;
  try {
    for (let block = 0, done = 0; block < count; block++) {
      done += await blocks.run(block);
      options.onProgress?.({ done, total });
      await yieldToEventLoop();
    }
    await blocks.flush();
  } finally {
    blocks.dispose();
  }
  return blocks.result(made);
}
