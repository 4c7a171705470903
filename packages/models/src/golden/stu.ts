import { offsetsOf } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { hstuBlocks } from '../encoders/hstu/blocks.ts';
import { HstuLayer } from '../encoders/hstu/layer.ts';
import { GoldenError } from '../errors.ts';
import type { FreshKeys } from '../layers/memory.ts';
import { compareTensors } from './compare.ts';
import { checkedFields, type GoldenFile, type GoldenTensor, goldenTensor, tensorOf } from './file.ts';
import { maskOf } from './hstu-masks.ts';
import { compareModule, type ModuleGolden, type Place, parseModule, setParameters } from './module.ts';
import { relativeError } from './relative-error.ts';
import { type GoldenReport, goldenReport } from './report.ts';
import { seenKeys } from './seen-keys.ts';
import { type CachedSequences, deltaRows, type LayerCache, recording } from './stu-delta.ts';

const count = z.int().min(0);

const fileSchema = z.object({
  config: z.object({
    ...{ embeddingDim: size, heads: size, hiddenDim: size, attentionDim: size, layers: size, maxSeqLen: size },
    ...{ contextual: count, maxAttnLen: count, deltaSize: size },
    alpha: z.number().gt(0).nullable(),
    groupNorm: z.boolean(),
  }),
  outputs: z.object({
    ...{ y: goldenTensor, mask: goldenTensor, deltaY: goldenTensor, deltaYLargerCapacity: goldenTensor.optional() },
    ...{ kCache: z.array(goldenTensor), vCache: z.array(goldenTensor) },
  }),
  notes: z.array(z.string()).default([]),
});
type StuFile = z.output<typeof fileSchema>;

/** Names of the weights of a layer there. */
const NAMES = {
  'input_norm.weight': '_input_norm_weight',
  'input_norm.bias': '_input_norm_bias',
  uvqk: '_uvqk_weight',
  'uvqk.bias': '_uvqk_beta',
  'output_norm.weight': '_output_norm_weight',
  'output_norm.bias': '_output_norm_bias',
  'o.weight': '_output_weight',
};

/**
 * `STUStack` of the public HSTU code beside {@link HstuLayer} with the production block: the pass over all tokens with
 * its gradients, the mask, the keys and values that are cached of all but the last tokens, and those last tokens by
 * its `cached_forward`: ours asks with them alone, targets as candidates and one by one.
 *
 * `cached_forward` divides by the capacity of its cache and the new tokens together, which is `maxSeqLen` only if the
 * cache is as large as that asks for. Ours divides by `paddedLength` always; with that sum for `paddedLength` in the
 * pass over the new tokens alone it gives the value of a larger cache too.
 */
export async function checkStu(json: GoldenFile): Promise<GoldenReport> {
  const file = checkedFields(fileSchema, json);
  const { config, outputs } = file;
  const golden = parseModule({ ...json, outputs: { y: outputs.y } });
  const sequences = sequencesOf(golden, file);
  const { lengths, numTargets } = sequences;
  const stack = layersOf(config);
  const full = await compareModule({
    golden,
    packed: tensorOf(golden.inputs, 'x').data.flatMap((_, i) =>
      i % config.embeddingDim === 0 ? [i / config.embeddingDim] : [],
    ),
    places: placesOf(stack),
    forward: (x) => ({ y: encode(stack, x, lengths, { numTargets }) }),
  });
  const mask = maskErrors(file, sequences);
  const cached = await cachedErrors(file, golden, sequences);
  return goldenReport(
    golden.name,
    { outputs: { ...full.outputs, ...mask, ...cached }, loss: full.maxima.loss, gradients: full.gradients },
    full.tolerance,
  );
}

function sequencesOf({ inputs }: ModuleGolden, { config }: StuFile): CachedSequences {
  const lengths = tensorOf(inputs, 'lengths').data;
  const numTargets = tensorOf(inputs, 'numTargets', [lengths.length]).data;
  const [tokens] = tensorOf(inputs, 'x').shape;
  const delta = config.deltaSize;
  if (lengths.some((length) => length < delta || length > config.maxSeqLen)) {
    throw new GoldenError(`golden: lengths: expected from ${delta} to ${config.maxSeqLen}; got ${lengths.join(', ')}`);
  }
  if (offsetsOf(lengths)[lengths.length] !== tokens)
    throw new GoldenError(`golden: lengths: expected ${tokens} in all, as x has rows; got ${lengths.join(', ')}`);
  return { lengths, numTargets, delta };
}

function layersOf(config: StuFile['config'], paddedLength = config.maxSeqLen): HstuLayer[] {
  const { embeddingDim, heads, hiddenDim, attentionDim, contextual, maxAttnLen, alpha, groupNorm } = config;
  return Array.from(
    { length: config.layers },
    (_, i) =>
      new HstuLayer({
        ...{ ...hstuBlocks.production, linearDropout: 0, attention: 'silu', numTimeBuckets: 1, paddedLength },
        ...{ embeddingDim, numHeads: heads, dqk: attentionDim, dv: hiddenDim },
        ...(contextual > 0 && { contextualLength: contextual }),
        ...(maxAttnLen > 0 && { maxAttentionLength: maxAttnLen }),
        ...(alpha !== null && { attentionScale: alpha }),
        ...(groupNorm && { outputNorm: 'group' }),
        stream: `golden.stu.${i}`,
      }),
  );
}

function placesOf(stack: readonly HstuLayer[]): Record<string, Place> {
  return Object.fromEntries(
    stack.flatMap((layer, i) =>
      Object.entries(NAMES).map(([own, name]) => [
        `_stu_layers.${i}.${name}`,
        { variable: layer.weight(own), ...(own === 'o.weight' && { isTransposed: true }) },
      ]),
    ),
  );
}

function encode(
  stack: readonly HstuLayer[],
  x: tf.Tensor2D,
  lengths: readonly number[],
  run: { readonly numTargets: readonly number[]; readonly memory?: ReturnType<typeof recording> },
): tf.Tensor2D {
  const offsets = tf.tensor1d(offsetsOf(lengths), 'int32');
  const options = { training: false, step: 0, seed: 0, ...run };
  return stack.reduce((values, layer) => layer.apply([values, offsets], options) as tf.Tensor2D, x);
}

/** What both attentions let each query see, beside the mask. */
function maskErrors({ config, outputs }: StuFile, { lengths, numTargets }: CachedSequences): Record<string, number> {
  const n = config.maxSeqLen;
  const { data } = tensorOf(outputs as { readonly mask: GoldenTensor }, 'mask', [lengths.length, n, n]);
  const { maxAttnLen, contextual } = config;
  const mask = maskOf({ causal: true, numTargets: [...numTargets], maxAttnLen, contextual, minFullAttnSeqLen: 0 });
  const compared = seenKeys({ lengths, columns: n, mask }, (b, i, j) => data[(b * n + i) * n + j] !== 0);
  return Object.fromEntries(
    Object.entries(compared).map(([form, [got, expected]]) => [`mask.${form}`, relativeError(got, expected)]),
  );
}

/** Keys and values of the cached tokens, and the last tokens from those of the file. */
async function cachedErrors(
  { config, outputs, notes }: StuFile,
  golden: ModuleGolden,
  sequences: CachedSequences,
): Promise<Record<string, number>> {
  const { lengths, numTargets, delta } = sequences;
  const { deltaYLargerCapacity, deltaY } = outputs;
  const larger = Number(/capacity (\d+) larger/.exec(notes.join('\n'))?.[1] ?? 0);
  if (deltaYLargerCapacity !== undefined && larger === 0)
    throw new GoldenError("golden: notes: expected 'capacity N larger' beside deltaYLargerCapacity; got none");
  const stacks = [layersOf(config), layersOf(config, config.maxSeqLen + larger)];
  for (const stack of stacks) setParameters(golden, placesOf(stack));
  const [stack, ofLarger] = stacks;
  const x = tf.tensor2d(tensorOf(golden.inputs, 'x').data, [offsetsOf(lengths)[lengths.length], config.embeddingDim]);
  const caches = new Map(stack.map((layer, i) => [layer.stream, cacheOf(config, outputs, i)]));
  const kept = new Map<string, FreshKeys>();
  const hasTargets = numTargets.some((targets) => targets > 0);
  try {
    const cachedLengths = lengths.map((length) => length - delta);
    const cachedTargets = numTargets.map((targets) => Math.max(0, targets - delta));
    tf.tidy(() => {
      const starts = offsetsOf(lengths);
      const rows = cachedLengths.flatMap((length, b) => Array.from({ length }, (_, t) => starts[b] + t));
      const before = tf.gather(x, tf.tensor1d(rows, 'int32')) as tf.Tensor2D;
      const memory = recording(offsetsOf(cachedLengths), kept);
      encode(stack, before, cachedLengths, { numTargets: cachedTargets, memory });
    });
    const made = stack.map((layer) => kept.get(layer.stream) as LayerCache);
    const forms = hasTargets ? (['candidates', 'alone'] as const) : (['candidates'] as const);
    const errors = await compareTensors(
      { kCache: outputs.kCache, vCache: outputs.vCache },
      { kCache: made.map(({ k }) => k.dataSync()), vCache: made.map(({ v }) => v.dataSync()) },
    );
    for (const form of forms) {
      const own = deltaRows(stack, x, sequences, caches, form);
      const wide = deltaRows(ofLarger, x, sequences, caches, form);
      const expected = { deltaY, ...(deltaYLargerCapacity && { deltaYLargerCapacity }) };
      const found = await compareTensors(expected, { deltaY: own, deltaYLargerCapacity: wide });
      for (const [name, error] of Object.entries(found)) errors[hasTargets ? `${name}.${form}` : name] = error;
      tf.dispose([own, wide]);
    }
    return errors;
  } finally {
    tf.dispose([x, ...[...caches.values(), ...kept.values()].flatMap(({ k, v }) => [k, v])]);
    for (const layer of stacks.flat()) tf.dispose(layer.names.map((name) => layer.weight(name)));
  }
}

function cacheOf({ heads }: StuFile['config'], { kCache, vCache }: StuFile['outputs'], i: number): LayerCache {
  const [k, v] = [kCache, vCache].map((caches) => {
    if (caches[i] === undefined) throw new GoldenError(`golden: kCache, vCache: expected layer ${i}; got none`);
    const { shape, data } = caches[i];
    return tf.tensor3d(data, [shape[0], heads, shape[1] / heads]);
  });
  return { k, v };
}
