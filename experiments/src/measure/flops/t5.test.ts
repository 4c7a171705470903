// The closed form of T5 equals the work that the kernels count.
import { useBackend } from '@seqrec/core';
import { sequenceBatch } from '@seqrec/data';
import {
  type CodeSymbols,
  codeSymbols,
  createModel,
  type Generator,
  modelFlops,
  parseModelConfig,
  uploadBatch,
  workloadOf,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { countedWork } from '../../testing/counted-work.ts';
import { totalFlops } from './step.ts';

/** Odd widths on purpose: a formula that swaps two of them must fail. */
const sizes = {
  maxSequenceLength: 40,
  embeddingDim: 26,
  numHeads: 3,
  headDim: 14,
  ffnDim: 45,
  encoderBlocks: 2,
  decoderBlocks: 3,
};

beforeAll(async () => {
  await useBackend('auto');
});

/** Items with codes of three levels, each of its own size. */
function symbolsOf(): CodeSymbols {
  const [count, levels] = [40, [11, 13, 7]];
  const values = Array.from({ length: count }, (_, item) => levels.map((size, l) => (item * (l + 1)) % size));
  return codeSymbols({ count, sizes: levels, values: Int32Array.from(values.flat()) });
}

async function counted(model: Generator, symbols: CodeSymbols, lengths: readonly number[]): Promise<number> {
  const offsets = Int32Array.from([0, ...lengths]);
  for (let b = 1; b < offsets.length; b++) offsets[b] += offsets[b - 1];
  const itemIds = Int32Array.from({ length: offsets[lengths.length] }, (_, t) => 1 + ((7 * t) % 40));
  const host = sequenceBatch({ offsets, itemIds, timestamps: new Float64Array(itemIds.length) });
  const batch = uploadBatch(host);
  const part = { whole: host, firstSequence: 0, firstToken: 0 };
  const step = { training: true, step: 1, seed: 1 };
  const work = await countedWork(() => {
    const { value, grads } = tf.variableGrads(
      () => model.loss({ symbols, batch, part, run: step }).sum,
      [...model.variables().values()],
    );
    value.dataSync();
    tf.dispose([value, grads]);
  });
  batch.dispose();
  return work;
}

it.each([
  { ...sizes },
  { ...sizes, feedForward: 'gated-gelu', head: 'own', softmax: 'all' },
  { ...sizes, encoderBlocks: 1, decoderBlocks: 1, dropout: 0 },
])('%j', async (given) => {
  const config = parseModelConfig({ kind: 't5', ...given, cuts: 'last' });
  const symbols = symbolsOf();
  const model = createModel(config, { numItems: symbols.count, seed: 1 }) as unknown as Generator;
  const lengths = [12, 3, 7, 1];
  const work = workloadOf(
    lengths.map((length) => length * symbols.levels),
    { itemRows: symbols.count + 1, written: symbols.levels },
  );
  const formula = totalFlops(modelFlops(config, work) as NonNullable<ReturnType<typeof modelFlops>>);
  const found = await counted(model, symbols, lengths);
  model.dispose();
  expect(Math.abs(found - formula) / found).toBeLessThan(0.01);
});
