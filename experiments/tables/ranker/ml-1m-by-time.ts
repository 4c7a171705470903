import { defineTable } from '../../src/studies/reproduce/table.ts';

const byTime = [{ key: 'data.split.by', text: 'time' }];

export const table = defineTable({
  title: 'ML-1M as requests, by time: the last ten films of a user',
  source: 'no figure published; the task: DLRM-v3 (meta-recsys/generative-recommenders, dlrm_v3)',
  notes: [
    'Whether a film is rated 3.5 or more, for the last ten films of each user with more than ten ratings; the history is everything before, and its newest event the moment at which all ten are asked for. A quarter of the users test, a tenth validate: users in the order of their requests, so that the newest test; of users by chance, whose future trains, `ranker/ml-1m` is.',
    'A user has one request: the id of a user that tests was never trained, so no row has it.',
    'The baselines item-mean and user-item-mean of each run know the rows that train alone, ten a user, as DCN-V2 does; HSTU reads the ratings before them as well, as what was done, and learns from no label of theirs.',
    'Mean pooling, DIN, BST and TransAct read the same 200 films with their ratings, in no view of times, beside the fields of DCN-V2 and under its tower, a row a candidate.',
    'The interleaved form has a token for a film and one for its rating in turn; candidates are a token each in both.',
  ],
  metrics: ['AUC', 'GAUC', 'NE', 'logloss'],
  lowerIsBetter: ['NE', 'logloss'],
  rows: [
    { name: 'DCN-V2', recipe: 'ranker/ml-1m-dcn-v2', changes: byTime, paper: {} },
    { name: 'mean pooling', recipe: 'ranker/ml-1m-mean-pooling', changes: byTime, paper: {} },
    { name: 'DIN', recipe: 'ranker/ml-1m-din', changes: byTime, paper: {} },
    { name: 'BST', recipe: 'ranker/ml-1m-bst', changes: byTime, paper: {} },
    { name: 'TransAct', recipe: 'ranker/ml-1m-transact', changes: byTime, paper: {} },
    { name: 'HSTU ranker', recipe: 'ranker/ml-1m', changes: byTime, paper: {} },
    {
      name: 'HSTU ranker, interleaved',
      recipe: 'ranker/ml-1m',
      changes: [...byTime, { key: 'model.form', text: 'interleave' }],
      paper: {},
    },
  ],
  claims: [
    { better: 'HSTU ranker', worse: 'DCN-V2', metrics: ['AUC', 'GAUC', 'NE'] },
    { better: 'HSTU ranker', worse: 'TransAct', metrics: ['AUC', 'GAUC', 'NE'] },
    { better: 'TransAct', worse: 'mean pooling', metrics: ['AUC', 'GAUC', 'NE'] },
  ],
});
