import { WeightAverage } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { compareTensors } from './compare.ts';
import { checkedFields, type GoldenFile, goldenTensor } from './file.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';

const fileSchema = z.object({
  config: z.object({ decay: z.number().min(0).max(1) }),
  inputs: z.object({ values: z.array(goldenTensor).min(1) }),
  outputs: z.object({ exponential: z.array(goldenTensor), mean: z.array(goldenTensor) }),
});

/** `torch.optim.swa_utils.AveragedModel` beside ours: both averages after each update. */
export async function checkWeightAverage(json: GoldenFile): Promise<GoldenReport> {
  const { config, inputs, outputs } = checkedFields(fileSchema, json);
  const averages = {
    exponential: new WeightAverage({ kind: 'exponential', decay: config.decay }),
    mean: new WeightAverage({ kind: 'equal' }),
  };
  const errors: Record<string, number> = {};
  try {
    for (const [at, { data, shape }] of inputs.values.entries()) {
      const value = tf.tensor(data, shape, 'float32');
      for (const [name, average] of Object.entries(averages)) {
        average.update(new Map([['w', value]]));
        const expected = outputs[name as keyof typeof averages][at];
        const got = average.state().get('w')!;
        Object.assign(errors, await compareTensors({ [name]: { [at]: expected } }, { [name]: { [at]: got } }));
      }
      value.dispose();
    }
    return goldenReport(json.name, { outputs: errors }, float32Tolerance());
  } finally {
    for (const average of Object.values(averages)) average.dispose();
  }
}
