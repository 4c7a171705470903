import { studentRecipe } from '../../src/config/distillation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  studentRecipe(
    { kind: 'direct', teacher: 'teacher.label' },
    {
      claim: 'A student whose one head learns labels and predictions of a teacher: the control arm, ML-1M',
      expected: 'no figure published; `seqrec reproduce distillation/ml-1m` shows the calibration of each arm',
      command: 'npx -y pnpm@12 seqrec train distillation/ml-1m-direct --data data',
    },
  ),
);
