import { teacherConfig } from '../../src/config/distillation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'A teacher for the students of distillation: one hidden layer of 256 on ML-1M',
  source: 'rows and settings: DCNv3 (arXiv:2407.13349)',
  expected: 'no figure published; `seqrec labels RUN --to labels` writes its predictions for the students',
  cost: 'about 15 s an epoch on one thread of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train distillation/ml-1m-teacher --data data',
  config: teacherConfig,
});
