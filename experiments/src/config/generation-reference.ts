// What recipes of generation over semantic ids share.

import type { WrittenRecipe } from './recipe.ts';
import type { RunConfigInput } from './run-config.ts';

/** The cut-offs of Rajput et al. 2023 and the tables after it, a list of 20 besides. */
export const codeEvaluation = {
  ks: [5, 10, 20],
  batchSize: 128,
  excludeSeen: true,
  selectBy: 'NDCG@10',
};

/** What is learned of a data set by a causal Transformer over codes: 20 events, as the paper reads. */
const overCodes = (
  data: 'amazon-beauty' | 'amazon-sports',
  task: object,
  model: { readonly embeddingDim: number; readonly numBlocks: number },
  training: { readonly learningRate: number; readonly epochs: number; readonly patience?: number },
): RunConfigInput => {
  const { learningRate, ...times } = training;
  return {
    data: { format: 'named', name: data, split: 'leave-last-out' },
    task: { kind: 'generation', beams: 20, ...task },
    model: {
      ...{ kind: 'transformer', ...model, maxSequenceLength: 20, outputLength: 1, numHeads: 4 },
      ...{ inputDropout: 0.2, blockDropout: 0.2 },
    },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    optimizer: { learningRate },
    training: { ...times, batchSize: 128, shuffle: true, evaluateEvery: 10 },
    evaluation: codeEvaluation,
    seed: 1,
  } as RunConfigInput;
};

/** A causal Transformer over codes of LSA. */
export function sidDecoder(
  data: 'amazon-beauty' | 'amazon-sports',
  {
    title,
    paper,
    ...about
  }: Pick<WrittenRecipe, 'expected' | 'cost'> & { readonly title: string; readonly paper: string },
): WrittenRecipe {
  return {
    claim: `Semantic ids of ${title} written code by code by a causal Transformer (decoder-only; TIGER has an encoder and a decoder)`,
    source: `Rajput et al. 2023 (TIGER, arXiv:2305.05065), table 1: ${paper} by an encoder and a decoder over codes of sentence vectors; sizes and epochs are ours. Leave-one-out, ties of a day shuffled`,
    ...about,
    command: `npx -y pnpm@12 seqrec train ${data}/sid-decoder --data data`,
    config: overCodes(data, {}, { embeddingDim: 128, numBlocks: 3 }, { learningRate: 1e-3, epochs: 40, patience: 2 }),
  };
}

/** A small language model over words and codes of Amazon Beauty; weights of tasks that are not named are 0. */
export function languageModel({
  tasks,
  histories = 'all',
  ...about
}: Pick<WrittenRecipe, 'claim' | 'expected' | 'cost' | 'command'> & {
  readonly tasks: Readonly<Record<string, number>>;
  readonly histories?: number | 'all';
}): WrittenRecipe {
  return {
    source:
      'Cao et al. 2024 (arXiv:2404.00245), who tune FLAN-T5 on such tasks in English sentences; sizes and epochs are ours. Leave-one-out, ties of a day shuffled',
    ...about,
    config: overCodes(
      'amazon-beauty',
      { language: { tasks, histories, minCount: 5, maxWords: 12 } },
      { embeddingDim: 64, numBlocks: 2 },
      { learningRate: 2e-3, epochs: 20 },
    ),
  };
}
