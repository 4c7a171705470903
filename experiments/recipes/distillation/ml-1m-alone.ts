import { studentRecipe } from '../../src/config/distillation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  studentRecipe(
    { kind: 'alone' },
    {
      claim: 'A student of one hidden layer of 64 that learns from labels alone, ML-1M',
      expected: 'no figure published; `seqrec reproduce distillation/ml-1m` shows the calibration of each arm',
      command: 'npx -y pnpm@12 seqrec train distillation/ml-1m-alone --data data',
    },
  ),
);
