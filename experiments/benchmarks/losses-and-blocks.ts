import { benchmarkRules } from '../src/config/benchmark-rules.ts';
import { defineBenchmark } from '../src/studies/benchmark/benchmark.ts';

/** The same width, depth and length. */
const shared = {
  'model.embeddingDim': '64',
  'model.numBlocks': '2',
  'model.maxSequenceLength': '50',
  'optimizer.learningRate': '0.001',
};

const square = { 'model.dqk': '64', 'model.dv': '64' };

/** One dropout for all models of a data set, wherever a model has one: short histories of rare items need more. */
const dropouts = (...keys: readonly string[]) => {
  const all = (rate: string) => Object.fromEntries(keys.map((key) => [`model.${key}`, rate]));
  return { beauty: all('0.5'), sports: all('0.5'), 'ml-1m': all('0.2'), yelp: all('0.2') };
};
const ofAttention = dropouts('inputDropout', 'linearDropout');

export const benchmark = defineBenchmark({
  title: 'Does the loss or the block matter more? Five encoders by five losses on splits by time',
  source: 'no published table has them together; the split is that of "Time to Split" (RecSys 2025, arXiv:2507.16289)',
  notes: [
    'Split by time at the .9 quantile, last target; equal times in the order of the file on ML-1M and Yelp, shuffled on Amazon, whose files leak which items were bought together within a day.',
    'Dropout is the same for all models of a data set: .5 on Amazon, as the best SASRec+ of "Time to Split" has it there, .2 on ML-1M and Yelp.',
    'The time of the event to predict is hidden from models that read times: HSTU and FuXi-alpha see those of the history.',
    'Sampled softmax and gBCE draw 256 negatives a position, the mixed pool holds 1,024 labels of the batch and as many draws, SCE has the buckets of its authors.',
  ],
  data: {
    beauty: { 'data.name': 'amazon-beauty', 'data.ties': 'shuffle:1' },
    sports: { 'data.name': 'amazon-sports', 'data.ties': 'shuffle:1' },
    'ml-1m': { 'data.name': 'ml-1m', 'data.ties': 'file-order', 'model.maxSequenceLength': '200' },
    yelp: { 'data.name': 'yelp-2019', 'data.ties': 'file-order' },
  },
  protocols: {
    time: {
      changes: {
        'data.repeats': 'drop',
        'data.kCore': '5',
        'data.split.kind': 'global-time',
        'data.split.cut': 'quantile',
        'data.split.quantile': '0.9',
        'data.split.target': 'last',
        ...benchmarkRules('NDCG@10'),
      },
    },
  },
  // One budget for all: steps at most, and patience.
  training: {
    'training.epochs': '100',
    'training.batchSize': '128',
    'training.evaluateEvery': '1',
    'training.patience': '10',
  },
  models: {
    SASRec: {
      recipe: 'ml-1m/sasrec',
      changes: { ...shared, 'model.ffnDim': '64' },
      on: dropouts('inputDropout', 'ffnDropout'),
    },
    LiGR: { recipe: 'ml-1m/ligr', changes: shared, on: dropouts('inputDropout', 'blockDropout') },
    HSTU: { recipe: 'ml-1m/hstu', changes: { ...shared, ...square }, on: ofAttention },
    'HSTU without time': {
      recipe: 'ml-1m/hstu',
      changes: { ...shared, ...square, 'model.relativeBias': 'position' },
      on: ofAttention,
    },
    'FuXi-alpha': { recipe: 'ml-1m/fuxi-alpha', changes: { ...shared, ...square }, on: ofAttention },
  },
  losses: {
    sampled: { 'objective.kind': 'sampled-softmax', 'objective.numNegatives': '256' },
    full: { 'objective.kind': 'full-softmax' },
    gBCE: { 'objective.kind': 'gbce', 'objective.numNegatives': '256', 'objective.t': '0.75' },
    SCE: { 'objective.kind': 'sce' },
    'mixed, corrected logQ': {
      'objective.kind': 'pool-softmax',
      'objective.negatives': '{"kind":"mixed","inBatch":1024,"random":1024}',
      'objective.logQ': 'exact',
      'objective.logQForm': 'corrected',
    },
  },
  metrics: ['HR@10', 'NDCG@10'],
  baselines: ['popularity', 'recent-popularity', 'markov', 'item-knn', 'ease'],
  quick: { 'training.epochs': '1', 'training.patience': '1' },
  quickData: ['beauty'],
});
