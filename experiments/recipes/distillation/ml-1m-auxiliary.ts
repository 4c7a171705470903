import { studentRecipe } from '../../src/config/distillation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  studentRecipe(
    { kind: 'auxiliary', teacher: 'teacher.label' },
    {
      claim:
        'A student with a head of its own for the predictions of a teacher; the head of the labels is served, ML-1M',
      expected: 'no figure published; `seqrec reproduce distillation/ml-1m` shows the calibration of each arm',
      command: 'npx -y pnpm@12 seqrec train distillation/ml-1m-auxiliary --data data',
    },
  ),
);
