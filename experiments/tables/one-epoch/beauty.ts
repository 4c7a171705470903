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
    'What is to be seen: `scratch` falls from epoch 1 to epoch 2 by .005 AUC or more; ids from pre-training do not fall over the epochs, and are not below `scratch` after one.',
    'The test set is watched after every epoch and chooses nothing: all epochs are shown.',
  ],
  metrics: ['AUC, epoch 1', 'AUC, epoch 2', 'AUC, epoch 3', 'AUC, epoch 4', 'logloss, epoch 1', 'logloss, epoch 4'],
  lowerIsBetter: ['logloss, epoch 1', 'logloss, epoch 4'],
  before: [{ name: 'ids', recipe: 'one-epoch/beauty-ids', gives: 'weights', into: withIds }],
  rows: [
    { name: 'scratch', recipe: 'one-epoch/beauty-scratch', paper: {} },
    { name: 'MEDA', recipe: 'one-epoch/beauty-meda', paper: {} },
    { name: 'pre-trained, a tenth of the rate', recipe: 'one-epoch/beauty-pretrained', paper: {} },
    { name: 'pre-trained, kept', recipe: 'one-epoch/beauty-frozen', paper: {} },
  ],
  claims: [{ better: 'pre-trained, a tenth of the rate', worse: 'scratch', metrics: ['AUC, epoch 1', 'AUC, epoch 4'] }],
});
