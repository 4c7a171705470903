import { isRankingConfig, type RunConfig } from '../../src/config/run-config.ts';
import { defineTable } from '../../src/studies/reproduce/table.ts';

/** Rows that start from tables of ids start from those of the seed. */
function withIds(config: RunConfig, path: string): RunConfig {
  if (!isRankingConfig(config) || config.initialTables === undefined) return config;
  return { ...config, initialTables: { ...config.initialTables, path } };
}

export const table = defineTable({
  title: 'Amazon Beauty with sampled negatives: the one-epoch phenomenon and pre-trained ids',
  source:
    'Taming the One-Epoch Phenomenon in Online Recommendation System by Two-stage Contrastive ID Pre-training (RecSys 2024, Pinterest): its figures are of private data; the size of the effect of MEDA: arXiv:2305.19531',
  notes: [
    'Each event is a row of label 1 with four rows of label 0, of items drawn uniformly among those that the user has no event with. A tenth of the events tests, by chance, with the rows that were drawn for them. A ranker of the two ids alone: 32 wide, hidden layers of 64 and 32.',
    'Pre-training: FM over the two ids, whose score is their product and a bias each, with a softmax over each event and ten sampled items (`listwise` within a request), 8 epochs on the training events of the same split. The ranker takes the rows that were seen.',
    'What was expected: `scratch` falls from epoch 1 to epoch 2 by .005 AUC or more. In trials of one seed and three epochs it did not: .758, .780, .780 at a rate of .003, .759, .777, .783 at .01, .739, .747, .754 at .03, and .563, .573, .571 with a split by time at .001, while its training loss fell from .440 to .358. With nine events a user a table needs more than one pass before it is learned by heart.',
    'The test set is watched after every epoch and chooses nothing: all epochs are shown.',
  ],
  metrics: [
    ...[1, 2, 3, 4, 5, 6].map((epoch) => `AUC, epoch ${epoch}`),
    ...[1, 2, 6].map((epoch) => `logloss, epoch ${epoch}`),
  ],
  lowerIsBetter: [1, 2, 6].map((epoch) => `logloss, epoch ${epoch}`),
  before: [{ name: 'ids', recipe: 'one-epoch/beauty-ids', gives: 'weights', into: withIds }],
  rows: [
    { name: 'scratch', recipe: 'one-epoch/beauty-scratch', paper: {} },
    { name: 'MEDA', recipe: 'one-epoch/beauty-meda', paper: {} },
    { name: 'pre-trained, a tenth of the rate', recipe: 'one-epoch/beauty-pretrained', paper: {} },
    { name: 'pre-trained, kept', recipe: 'one-epoch/beauty-frozen', paper: {} },
  ],
  claims: [{ better: 'pre-trained, a tenth of the rate', worse: 'scratch', metrics: ['AUC, epoch 1', 'AUC, epoch 6'] }],
});
