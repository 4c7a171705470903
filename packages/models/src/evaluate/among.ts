import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { evaluateVectors } from './evaluate.ts';
import { type EvaluateOptions, encodeQueries } from './evaluation-blocks.ts';
import { checkCutoffs, DEFAULT_KS, type Metrics } from './metrics.ts';

/** Far below any score of finite vectors, and finite. */
const BELOW_ALL = -1e30;

/**
 * The metrics of {@link evaluate} with only some items as candidates, under all other rules of the protocol: items of
 * the history are closed, a query has its time, ties count, a query without a history is a miss.
 *
 * Queries get a further dimension of value 1, items one of 0 or, where they are no candidates, of -1e30: those are
 * below every candidate and keep no target from its rank.
 *
 * @param isCandidate 1 for each candidate, `[numItems + 1]`
 * @throws EvaluationError as {@link evaluate}, for a target that is no candidate, and a cut-off
 * beyond the candidates.
 */
export async function metricsAmong(options: EvaluateOptions, isCandidate: Uint8Array): Promise<Metrics> {
  const { model, ks = DEFAULT_KS } = options;
  checkCutoffs(
    ks,
    isCandidate.reduce((sum, candidate, item) => sum + (item > 0 && candidate === 1 ? 1 : 0), 0),
  );
  checkTargets(options, isCandidate);
  const below = Float32Array.from(isCandidate, (candidate) => (candidate === 1 ? 0 : BELOW_ALL));
  const itemVectors = (): tf.Tensor2D => tf.concat([model.itemVectors(), tf.tensor2d(below, [below.length, 1])], 1);
  const { metrics } = await evaluateVectors({ ...options, model: scored(model, itemVectors) }, (batch, tokens) =>
    tf.tidy(() => {
      const queries = encodeQueries(model, batch, tokens);
      return tf.concat([queries, tf.ones([queries.shape[0], 1])], 1) as tf.Tensor2D;
    }),
  );
  return metrics;
}

/** What an evaluation by given vectors of queries asks of a model. */
function scored(model: TokenEncoder, itemVectors: () => tf.Tensor2D): TokenEncoder {
  const { config, numItems, maxSequenceLength, similarity, columns } = model;
  const asked: Pick<TokenEncoder, 'config' | 'numItems' | 'maxSequenceLength' | 'itemVectors'> = {
    ...{ config, numItems, maxSequenceLength, itemVectors },
    ...(similarity && { similarity }),
    ...(columns && { columns }),
  };
  return asked as TokenEncoder;
}

function checkTargets({ examples: { interactions, targets } }: EvaluateOptions, isCandidate: Uint8Array): void {
  const stray = targets.find((event) => isCandidate[interactions.itemIds[event]] !== 1);
  if (stray === undefined) return;
  throw new EvaluationError(
    `metricsAmong: expected targets among the candidates; got item ${interactions.itemIds[stray]}; take the examples with such targets (takeExamples)`,
  );
}
