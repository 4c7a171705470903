import { filmRows } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'DCN-V2 on the fields of ranker/ml-1m and its rows, without histories',
  source: 'Wang et al. 2021 (arXiv:2008.13535); the task: DLRM-v3 (meta-recsys/generative-recommenders)',
  expected: 'no figure published; test AUC .713, GAUC .649, NE .900 (one seed), as the mean of the film',
  cost: '2 min on one thread of a busy AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train ranker/ml-1m-dcn-v2 --data data',
  config: filmRows({ kind: 'dcn-v2' }),
});
