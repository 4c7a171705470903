import { sidDecoder } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

const decoder = sidDecoder('amazon-beauty', {
  title: 'Amazon Beauty',
  paper: 'Recall@10 .0648, NDCG@10 .0384',
  expected:
    'seed 1, of both by mix .5: HR@10 .0745, NDCG@10 .0405, and .0781, .0427 as COBRA; without vectors (sid-decoder) .0721 and .0389',
  cost: '27 minutes for 40 epochs on one thread of an AMD EPYC (Zen 5) with --blas auto, beside another run',
});

export const recipe = defineRecipe({
  ...decoder,
  claim: 'The decoder of codes with vectors of the items beside them, which rank what beams find anew',
  source:
    'Yang et al. 2024 (LIGER, arXiv:2411.18814); with task.dense.after 1, task.dense.levels 1 as Yang et al. 2025 (COBRA, arXiv:2503.02453). Of both the idea, on our data: the models read codes alone',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/sid-hybrid --data data',
  config: { ...decoder.config, task: { kind: 'generation', beams: 20, dense: { vectors: 'both', width: 128 } } },
});
