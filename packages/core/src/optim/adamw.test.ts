import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerSimdBackend } from '../backends/simd/index.ts';
import { AdamW, normals, ShapeError, streamKey, UnsupportedError } from '../index.ts';
import { adamWStep } from '../reference/index.ts';

const STEPS = 50;
const SIZE = 40;
const constants = { learningRate: 0.01, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.02 };
const key = streamKey(1, 'adamw');

/** `fake` overwrites its inputs and returns their data, counted once more, as a backend that works in place does. */
beforeAll(async () => {
  tf.registerBackend('fake', () => new MathBackendCPU());
  tf.copyRegisteredKernels('cpu', 'fake');
  tf.unregisterKernel('AdamWStep', 'fake');
  tf.registerKernel({
    kernelName: 'AdamWStep',
    backendName: 'fake',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const cpu = backend as MathBackendCPU;
      const { param, m, v, grad } = inputs as Record<string, tf.TensorInfo>;
      const values = [param, m, v].map(({ dataId }) => cpu.readSync(dataId) as Float32Array);
      const gradient = cpu.readSync(grad.dataId) as Float32Array;
      const a = attrs as unknown as typeof constants & { step: number };
      const next = adamWStep({ param: values[0], m: values[1], v: values[2] }, gradient, a.step, a);
      for (const [i, result] of [next.param, next.m, next.v].entries()) values[i].set(result);
      return [param, m, v].map((info) => {
        cpu.incRef(info.dataId);
        return { dataId: info.dataId, shape: info.shape, dtype: info.dtype };
      });
    },
  });
});

const owned: { dispose(): void }[] = [];
afterEach(() => {
  for (const thing of owned.splice(0)) thing.dispose();
});

function parameter(values: ArrayLike<number>): tf.Variable {
  const initial = tf.tensor1d(Float32Array.from(values));
  const variable = tf.variable(initial);
  initial.dispose();
  owned.push(variable);
  return variable;
}

function optimizer(): AdamW {
  const adamw = new AdamW(constants);
  owned.push(adamw);
  return adamw;
}

function step(adamw: AdamW, variable: tf.Variable, at: number): Float32Array {
  const values = Float32Array.from(normals(key, at, variable.size));
  const grad = tf.tensor1d(values);
  adamw.applyGradients([{ name: variable.name, tensor: grad }]);
  grad.dispose();
  return values;
}

describe.each(['cpu', 'fake'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('equals float64 AdamW after 50 steps, without a leak', () => {
    const start = Float32Array.from(normals(key, 1000, SIZE));
    const variable = parameter(start);
    const adamw = optimizer();
    let state: { param: Float64Array; m: Float64Array; v: Float64Array } = {
      param: Float64Array.from(start),
      m: new Float64Array(SIZE),
      v: new Float64Array(SIZE),
    };
    let tensors = 0;
    let buffers = 0;
    for (let at = 1; at <= STEPS; at++) {
      state = adamWStep(state, step(adamw, variable, at), at, constants);
      if (at === 1) {
        tensors = tf.memory().numTensors;
        buffers = tf.memory().numDataBuffers;
      }
    }
    expect(tf.memory().numTensors).toBe(tensors);
    expect(tf.memory().numDataBuffers).toBe(buffers);
    expect(adamw.iterations).toBe(STEPS);
    const moments = adamw.state().get(variable.name)!;
    const worst = (x: tf.Tensor, expected: Float64Array) =>
      Math.max(...Array.from(x.dataSync(), (value, i) => Math.abs(value - expected[i])));
    expect(worst(variable, state.param)).toBeLessThan(2e-6);
    expect(worst(moments.m, state.m)).toBeLessThan(1e-6);
    expect(worst(moments.v, state.v)).toBeLessThan(1e-6);
  });

  it('resumes from copied state with the same bits', async () => {
    const whole = parameter(normals(key, 1, 8));
    const first = optimizer();
    for (let at = 1; at <= 4; at++) step(first, whole, at);
    const resumed = parameter(whole.dataSync());
    const second = optimizer();
    const { m, v } = first.state().get(whole.name)!;
    second.loadState(new Map([[resumed.name, { m, v }]]), first.iterations);
    for (let at = 5; at <= 8; at++) step(first, whole, at);
    for (let at = 5; at <= 8; at++) step(second, resumed, at);
    expect(resumed.dataSync()).toEqual(whole.dataSync());
    expect(second.iterations).toBe(8);

    const third = optimizer();
    const weights = await first.getWeights();
    await third.setWeights(weights);
    weights[0].tensor.dispose();
    expect(third.iterations).toBe(8);
    expect(third.state().get(whole.name)!.v.dataSync()).toEqual(v.dataSync());
  });
});

it('minimises a function and leaves other variables alone', async () => {
  await tf.setBackend('cpu');
  const used = parameter([1, -2, 3]);
  const unused = parameter([5]);
  const adamw = new AdamW({ learningRate: 0.1, weightDecay: 0.1 });
  owned.push(adamw);
  for (let at = 0; at < 100; at++) adamw.minimize(() => tf.sum(tf.square(used)) as tf.Scalar, false, [used]);
  for (const x of used.dataSync()) expect(Math.abs(x)).toBeLessThan(0.1);
  expect(Array.from(unused.dataSync())).toEqual([5]);
  expect([...adamw.state().keys()]).toEqual([used.name]);
});

it('with l2, decays through the moments, as torch.optim.Adam', async () => {
  await tf.setBackend('cpu');
  const start = Float32Array.from(normals(key, 2000, SIZE));
  const variable = parameter(start);
  const adam = new AdamW({ learningRate: 0.01, l2: 0.3 });
  owned.push(adam);
  let state: ReturnType<typeof adamWStep> = {
    param: Float64Array.from(start),
    m: new Float64Array(SIZE),
    v: new Float64Array(SIZE),
  };
  const tensors = tf.memory().numTensors;
  for (let at = 1; at <= 5; at++) {
    const values = step(adam, variable, at);
    const whole = state.param.map((w, i) => values[i] + 0.3 * w);
    const rule = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    state = adamWStep(state, whole, at, rule);
  }
  for (const [i, x] of variable.dataSync().entries()) expect(Math.abs(x - state.param[i])).toBeLessThan(2e-6);
  expect(tf.memory().numTensors).toBe(tensors + 2);
  expect(AdamW.fromConfig(AdamW, adam.getConfig()).getConfig()).toMatchObject({ l2: 0.3 });
  expect(() => new AdamW({ learningRate: 0.1, l2: -1 })).toThrow('AdamW: expected l2 >= 0; got -1; the default is 0');
});

it('serialises its configuration', () => {
  const adamw = optimizer();
  const copy = AdamW.fromConfig(AdamW, adamw.getConfig());
  expect(copy.getConfig()).toEqual(constants);
  expect(adamw.getClassName()).toBe('AdamW');
});

it('refuses nonsense, word for word', () => {
  expect(() => new AdamW({ learningRate: 0.1, beta2: 1 })).toThrow(UnsupportedError);
  expect(() => new AdamW({ learningRate: 0.1, beta2: 1 })).toThrow(
    'AdamW: expected learningRate >= 0, beta1 and beta2 in [0, 1), epsilon > 0, weightDecay >= 0; got learningRate=0.1, beta1=0.9, beta2=1, epsilon=1e-8, weightDecay=0; defaults are 0.9, 0.999, 1e-8, 0',
  );
  const adamw = optimizer();
  expect(() => adamw.applyGradients({ nobody: tf.zeros([2]) })).toThrow(ShapeError);
  expect(() => adamw.applyGradients({ nobody: tf.zeros([2]) })).toThrow(
    "AdamW: expected the gradient of 'nobody' to have the shape of its variable; got gradient=float32[2], no such variable; gradients go by variable name",
  );
});

it('refuses moments of another shape than the variable', async () => {
  const backends = ['cpu', 'simd'];
  await registerSimdBackend({ threads: 1 });
  for (const backend of backends) {
    await tf.setBackend(backend);
    const variable = parameter(new Float32Array(8));
    const [whole, short] = [tf.ones([8]), tf.ones([4])];
    for (const state of [
      { m: whole, v: short },
      { m: short, v: whole },
    ]) {
      const adamw = optimizer();
      adamw.loadState(new Map([[variable.name, state]]), 1);
      const slot = state.m === short ? 'm' : 'v';
      expect(() => step(adamw, variable, 1)).toThrow(
        `AdamW: expected '${slot}' of '${variable.name}' in the shape of its variable, float32[8]; got float32[4]; the state that was loaded is of another model`,
      );
      expect(adamw.iterations).toBe(1);
    }
    expect([...variable.dataSync()]).toEqual(new Array(8).fill(0));
    tf.dispose([whole, short]);
  }
  await tf.setBackend('cpu');
});

it('loads its own state, and its own weights', async () => {
  const weight = tf.variable(tf.tensor1d([1, 2]));
  const adamw = new AdamW({ learningRate: 0.1 });
  adamw.applyGradients({ [weight.name]: tf.tensor1d([3, -1]) });
  const held = (): number[][] =>
    [...adamw.state().values()].flatMap(({ m, v }) => [[...m.dataSync()], [...v.dataSync()]]);
  const before = held();
  adamw.loadState(adamw.state(), 1);
  expect(held()).toEqual(before);
  await adamw.setWeights(await adamw.getWeights());
  expect(held()).toEqual(before);
  expect(before[0][0]).not.toBe(0);
});
