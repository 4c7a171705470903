import { defineRecipe } from '../../src/config/recipe.ts';
import { referenceObjective, referenceOptimizer, smallCatalogueEvaluation } from '../../src/config/reference.ts';
import { hstuSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'HSTU on your own file, chosen on a validation set',
  source: 'no published figure: the data are yours',
  expected: 'compare with the popularity and item-kNN rows of the report',
  cost: 'depends on the file; the progress line tells',
  command:
    'npx -y pnpm@12 seqrec train csv/hstu --data.path my.csv --data.columns.user user_id --data.columns.item item_id --data.columns.time timestamp',
  space: hstuSpace,
  config: {
    data: {
      format: 'csv',
      path: 'interactions.csv',
      columns: { user: 'user', item: 'item', time: 'timestamp' },
      split: 'leave-last-out',
      kCore: 5,
    },
    model: {
      kind: 'hstu',
      embeddingDim: 50,
      maxSequenceLength: 100,
      numBlocks: 2,
      numHeads: 1,
      dqk: 50,
      dv: 50,
      inputDropout: 0.2,
      linearDropout: 0.2,
      relativeBias: 'position-time',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 50, batchSize: 64, shuffle: true, evaluateEvery: 1 },
    evaluation: smallCatalogueEvaluation,
    seed: 42,
  },
});
