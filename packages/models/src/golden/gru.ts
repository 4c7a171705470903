import { rememberHostValues } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { GruLayer } from '../encoders/gru4rec/layer.ts';
import { tensorOf } from './file.ts';
import { compareModule, configOf, parseModule } from './module.ts';
import type { GoldenReport } from './report.ts';

const configSchema = z.object({ inputDim: size, hiddenDim: size, layers: size });
const WEIGHTS = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'];

/** `torch.nn.GRU` beside the layers of GRU4Rec: sequences of one length, no padding. */
export async function checkGru(json: unknown): Promise<GoldenReport> {
  const golden = parseModule(json);
  const { inputDim, hiddenDim, layers } = configOf(configSchema, golden);
  const [sequences, length] = tensorOf(golden.inputs, 'x').shape;
  const stack = Array.from(
    { length: layers },
    (_, i) =>
      new GruLayer({ inputDim: i === 0 ? inputDim : hiddenDim, hiddenDim, dropout: 0, stream: `golden.gru.${i}` }),
  );
  const ends = Int32Array.from({ length: sequences + 1 }, (_, b) => b * length);
  const offsets = rememberHostValues(tf.tensor1d(ends, 'int32'), ends);
  const places = Object.fromEntries(
    stack.flatMap((layer, i) => WEIGHTS.map((name) => [`${name}_l${i}`, { variable: layer.weight(name) }])),
  );
  try {
    return await compareModule({
      golden,
      places,
      forward: (x) => ({
        y: stack.reduce((values, layer) => layer.apply([values, offsets]) as tf.Tensor2D, x),
      }),
    });
  } finally {
    offsets.dispose();
  }
}
