// What recipes of generation over semantic ids share.

import type { WrittenRecipe } from './recipe.ts';

/** The cut-offs of Rajput et al. 2023 and the tables after it, a list of 20 besides. */
export const codeEvaluation = {
  ks: [5, 10, 20],
  batchSize: 128,
  excludeSeen: true,
  selectBy: 'NDCG@10',
};

/** A causal Transformer over codes of LSA: 20 events, as the paper reads. */
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
    config: {
      data: { format: 'named', name: data, split: 'leave-last-out' },
      task: { kind: 'generation', beams: 20 },
      model: {
        kind: 'transformer',
        embeddingDim: 128,
        maxSequenceLength: 20,
        outputLength: 1,
        numBlocks: 3,
        numHeads: 4,
        inputDropout: 0.2,
        blockDropout: 0.2,
      },
      objective: { kind: 'full-softmax', temperature: 0.05 },
      optimizer: { learningRate: 1e-3 },
      training: { epochs: 40, batchSize: 128, shuffle: true, evaluateEvery: 10, patience: 2 },
      evaluation: codeEvaluation,
      seed: 1,
    },
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
    config: {
      data: { format: 'named', name: 'amazon-beauty', split: 'leave-last-out' },
      task: { kind: 'generation', beams: 20, language: { tasks, histories, minCount: 5, maxWords: 12 } },
      model: {
        kind: 'transformer',
        embeddingDim: 64,
        maxSequenceLength: 20,
        outputLength: 1,
        numBlocks: 2,
        numHeads: 4,
        inputDropout: 0.2,
        blockDropout: 0.2,
      },
      objective: { kind: 'full-softmax', temperature: 0.05 },
      optimizer: { learningRate: 2e-3 },
      training: { epochs: 20, batchSize: 128, shuffle: true, evaluateEvery: 10 },
      evaluation: codeEvaluation,
      seed: 1,
    },
  };
}
