import fc from 'fast-check';
import { causalCase, hstuCase } from './attention-cases.ts';
import { type AnyCase, checkEdges, type KernelCase, runProblem } from './compare.ts';
import {
  dropoutCase,
  embeddingBagCase,
  embeddingCase,
  l2NormalizeCase,
  layerNormCase,
  layerNormTinyCase,
  linearCase,
  rmsNormCase,
  siluCase,
  uniformIntegersCase,
} from './elementwise-cases.ts';
import { embedTokensCase } from './embed-tokens-case.ts';
import {
  gatedNormCase,
  gatedNormLinearCase,
  gatedNormTinyCase,
  normSiluSplitCase,
  siluSplitCase,
} from './layer-step-cases.ts';
import { linearBlocksCase, linearLayerCase } from './linear-layer-cases.ts';
import { logSumExpScoresCase } from './log-sum-exp-case.ts';
import { causalQueriesCase, hstuQueriesCase } from './query-cases.ts';
import { rankCountsCase, topItemsCase } from './ranking-cases.ts';
import { gatedRecurrenceCase } from './recurrence-case.ts';
import { sampledScoresCase } from './sampled-scores-case.ts';
import { sampledSoftmaxCase } from './softmax-case.ts';

function close<P>(kase: KernelCase<P>): AnyCase {
  const worst = new Map<string, number>();
  return {
    name: kase.name,
    kernels: kase.kernels,
    bounds: kase.bounds,
    worst,
    check: (parameters) =>
      fc.assert(
        fc.asyncProperty(kase.problem, (problem) => runProblem(kase, problem, worst)),
        parameters,
      ),
    countEdges: () => kase.edges().length,
    checkEdges: (part = { step: 1 }) => checkEdges(kase.edges(), part, (problem) => runProblem(kase, problem, worst)),
  };
}

/** Every op of ours; together with the AdamW check they cover every kernel of the contract. */
export const cases: readonly AnyCase[] = [
  close(siluCase),
  close(siluSplitCase),
  close(normSiluSplitCase),
  close(layerNormCase),
  close(layerNormTinyCase),
  close(l2NormalizeCase),
  close(rmsNormCase),
  close(dropoutCase),
  close(gatedNormCase),
  close(gatedNormTinyCase),
  close(gatedNormLinearCase),
  close(linearLayerCase),
  close(linearBlocksCase),
  close(uniformIntegersCase),
  close(linearCase),
  close(embeddingCase),
  close(embeddingBagCase),
  close(embedTokensCase),
  close(hstuCase),
  close(causalCase),
  close(hstuQueriesCase),
  close(causalQueriesCase),
  close(gatedRecurrenceCase),
  close(sampledSoftmaxCase),
  close(sampledScoresCase),
  close(logSumExpScoresCase),
  close(rankCountsCase),
  close(topItemsCase),
];
