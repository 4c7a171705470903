import {
  filmEvaluation,
  filmFields,
  lastFilms,
  rankerOptimizer,
  rankerTask,
  smallRanker,
} from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'HSTU ranks the last ten films of a user from the ratings before them, ML-1M',
  source:
    'the ML-1M recipe of DLRM-v3 (meta-recsys/generative-recommenders, dlrm_v3/datasets/movie_lens.py and gin/movielens_1m.gin), which names no figure; the size is ours',
  expected:
    'no figure published; test AUC .749, GAUC .641, NE .864 (one seed), where the mean of the film has .713, .647, .903 and DCN-V2 .713, .649, .900',
  cost: '9 epochs in 6 min on one thread of a busy AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train ranker/ml-1m --data data',
  config: {
    task: rankerTask,
    data: lastFilms,
    model: {
      ...smallRanker,
      ...filmFields,
      userHistory: { maxEvents: 200 },
      // All candidates are asked for when the history ends: their own times would tell how the user went on.
      queryTime: 'history',
      actions: { kind: 'ratings', bounds: [2, 3, 4, 5] },
      inputDropout: 0.2,
    },
    optimizer: rankerOptimizer,
    training: { epochs: 60, batchSize: 64, shuffle: true, evaluateEvery: 1, patience: 5 },
    evaluation: filmEvaluation,
    seed: 1,
  },
});
