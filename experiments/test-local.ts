import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '@seqrec/core';
import { loadDataset, trainTest, latestWindow } from '@seqrec/data';
import { createModel, Trainer, evaluate } from '@seqrec/models';
const kind = process.argv[2] ?? 'hstu';
console.log((await useBackend('simd', {threads: Number(process.argv[3] ?? 2)} as never)).details);
let t = performance.now();
const data = await loadDataset({ format: 'movielens', path: '/work/shared/data/ml-1m.zip' } as never, { });
console.log('read', performance.now() - t, data.numUsers, data.numItems, data.numEvents);
const split = trainTest(data);
const train = latestWindow(split.train, { maxLength: 200 }), test = latestWindow(split.test, { maxLength: 200 });
const config = kind === 'hstu' ? { kind, embeddingDim: 50, numBlocks: 2, numHeads: 1, dqk: 50, dv: 50, maxSequenceLength: 200 } : { kind, embeddingDim: 50, numBlocks: 2, numHeads: 1, ffnDim: 50, maxSequenceLength: 200 };
const model = createModel(config as never, { numItems: data.numItems, seed: 42 });
const trainer = new Trainer({ model, examples: train, batchSize: 128, learningRate: 1e-3, beta1: 0.9, beta2: 0.98, weightDecay: 0, numNegatives: 128, temperature: 0.05, seed: 42 } as never);
for (let e = 0; e < Number(process.argv[4] ?? 1); e++) {
  const times: number[] = [];
  const r = await trainer.runEpoch({ onStep: (i) => times.push(i.seconds) });
  times.sort((a, b) => a - b);
  t = performance.now();
  const ev = await evaluate({ model, examples: test, batchSize: 128, ks: [10, 50, 200], excludeSeen: true } as never);
  console.log(e + 1, r.meanLoss.toFixed(4), r.seconds.toFixed(2), 's, median step', (times[24] * 1000).toFixed(1), 'ms', tf.memory().numTensors, JSON.stringify(ev.metrics), 'eval', performance.now() - t);
}
if (process.argv[5]) {
  const profile = new Map<string, [number, number]>();
  const { getKernelsForBackend, registerKernel, unregisterKernel } = tf;
  for (const k of getKernelsForBackend('simd')) {
    unregisterKernel(k.kernelName, 'simd');
    registerKernel({ ...k, kernelFunc: (a: never) => { const s = process.cpuUsage(); const r = k.kernelFunc(a); const p = profile.get(k.kernelName) ?? [0, 0]; p[0]++; const u = process.cpuUsage(s); p[1] += (u.user + u.system) / 1000; profile.set(k.kernelName, p); return r; } });
  }
  const s = performance.now();
  for (let i = 0; i < 10; i++) await trainer.step();
  const total = performance.now() - s;
  const rows = [...profile].sort((a, b) => b[1][1] - a[1][1]);
  for (const [n, [c, ms]] of rows.slice(0, 25)) console.log(n.padEnd(24), String(c / 10).padStart(6), (ms / 10).toFixed(2), 'ms/step');
  console.log('kernels', rows.reduce((x, r) => x + r[1][1], 0) / 10, 'of', total / 10);
}
