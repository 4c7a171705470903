import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { AdamW } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { floats, runs, seeds } from './arbitraries.ts';
import { assertClose } from './compare.ts';

const STEPS = 12;
/** Parameters of size one move by lr a step; each step rounds once. */
const BOUND = 2e-6;

/** Several steps of the optimiser against float64, moments included; no tensor may leak. */
export async function checkAdamW(): Promise<void> {
  const problem = fc.record({
    size: fc.oneof(fc.constantFrom(1, 2, 3, 4, 15, 16, 17), fc.integer({ min: 1, max: 200 })),
    weightDecay: fc.constantFrom(0, 0.1),
    beta2: fc.constantFrom(0.98, 0.999),
    seed: seeds,
  });
  await fc.assert(
    fc.asyncProperty(problem, async ({ size, weightDecay, beta2, seed }) => {
      const constants = { learningRate: 0.01, beta1: 0.9, beta2, epsilon: 1e-8, weightDecay };
      const start = floats(seed, 0, size);
      const before = tf.memory().numTensors;
      const initial = tf.tensor1d(start.slice());
      const variable = tf.variable(initial);
      initial.dispose();
      const optimizer = new AdamW(constants);
      let state: { param: Float64Array; m: Float64Array; v: Float64Array } = {
        param: Float64Array.from(start),
        m: new Float64Array(size),
        v: new Float64Array(size),
      };
      for (let step = 1; step <= STEPS; step++) {
        const grad = floats(seed, step, size);
        const gradient = tf.tensor1d(grad);
        optimizer.applyGradients({ [variable.name]: gradient });
        gradient.dispose();
        state = ref.adamWStep(state, grad, step, constants);
      }
      const { m, v } = optimizer.state().get(variable.name)!;
      assertClose('AdamW parameter', await variable.data(), state.param, { bound: BOUND, floor: 1 });
      // Gradients of size one that average to nothing leave the roundings of their terms.
      assertClose('AdamW m', await m.data(), state.m, { bound: BOUND, floor: 0.2 });
      assertClose('AdamW v', await v.data(), state.v, { bound: BOUND });
      optimizer.dispose();
      variable.dispose();
      if (tf.memory().numTensors !== before) throw new Error('AdamW: expected no tensor left; got some');
    }),
    runs(12),
  );
}
