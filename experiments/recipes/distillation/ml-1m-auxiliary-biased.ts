import { studentRecipe } from '../../src/config/distillation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  studentRecipe(
    { kind: 'auxiliary', teacher: 'biased.label' },
    {
      claim: 'A biased teacher does not reach the served head through a head of its own, ML-1M',
      expected: 'no figure published; `seqrec reproduce distillation/ml-1m` shows the calibration of each arm',
      command: 'npx -y pnpm@12 seqrec train distillation/ml-1m-auxiliary-biased --data data',
    },
  ),
);
