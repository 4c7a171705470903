import { defineRecipe } from '../../src/config/recipe.ts';
import { referenceObjective, referenceOptimizer, smallCatalogueEvaluation } from '../../src/config/reference.ts';
import { sasrecSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'SASRec on your own file, chosen on a validation set; it does not look at the times',
  source: 'no published figure: the data are yours',
  expected: 'compare with the popularity and item-kNN rows of the report',
  cost: 'depends on the file; the progress line tells',
  command:
    'npx -y pnpm@12 seqrec train csv/sasrec --data.path my.csv --data.columns.user user_id --data.columns.item item_id --data.columns.time timestamp',
  space: sasrecSpace,
  config: {
    data: {
      format: 'csv',
      path: 'interactions.csv',
      columns: { user: 'user', item: 'item', time: 'timestamp' },
      split: 'leave-last-out',
      kCore: 5,
    },
    model: {
      kind: 'sasrec',
      embeddingDim: 50,
      maxSequenceLength: 100,
      numBlocks: 2,
      numHeads: 1,
      inputDropout: 0.2,
      ffnDim: 50,
      ffnDropout: 0.2,
      activation: 'relu',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 50, batchSize: 64, shuffle: true, evaluateEvery: 1 },
    evaluation: smallCatalogueEvaluation,
    seed: 42,
  },
});
