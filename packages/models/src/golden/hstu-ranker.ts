import { offsetsOf } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../config/fields.ts';
import { hstuBlocks } from '../encoders/hstu/blocks.ts';
import { GoldenError } from '../errors.ts';
import { requestLayout } from '../rankers/hstu-ranker/layout.ts';
import { HstuRankerNet, type RequestVectors } from '../rankers/hstu-ranker/net.ts';
import { compareGradients, compareTensors } from './compare.ts';
import { type GoldenFile, type GoldenTensor, tensorOf } from './file.ts';
import {
  configOf,
  gradientErrors,
  type ModuleGolden,
  type Place,
  parseModule,
  setParameters,
  toleranceOf,
} from './module.ts';
import { relativeError } from './relative-error.ts';
import { type GoldenReport, goldenReport } from './report.ts';

const task = z.object({ name: z.string(), kind: z.enum(['binary', 'regression']) });

const configSchema = z.object({
  ...{ embeddingDim: size, tableDim: size, heads: size, hiddenDim: size, attentionDim: size, layers: size },
  ...{ preprocessorHidden: size, towerHidden: size, headHidden: size, actionDim: size, positionBuckets: size },
  interleaved: z.boolean().default(false),
  actionWeights: z.array(z.int()),
  contextualFeatures: z.array(z.string()).min(1),
  minHistoryForContext: z.int().min(0),
  multitaskWeight: z.number(),
  maxHistory: size,
  maxTargets: size,
  tasks: z.array(task).min(1),
});
type RankerFile = z.output<typeof configSchema>;

const RUN = { training: true, step: 0, seed: 0 };
/** Of the reference's state dict. */
const PREPROCESSOR = 'transducer._input_preprocessor';
const CONTEXT = `${PREPROCESSOR}._batched_contextual_linear`;

/**
 * The DLRM-v3 ranker of the public HSTU code beside {@link HstuRankerNet}, its forms of tokens and all its gradients:
 * tokens before the attention, candidates after it (all in one pass, and apart from the history), item tower, tasks.
 *
 * What is as there and not as in ours by default: a history is short by the count of its events and candidates
 * together; the normaliser is the longest sequence of tokens, so that of the interleaved form differs between training,
 * where each candidate has an action token that nobody sees, and evaluation; the age table has as many rows as a vector
 * has columns; `sum w` of a task is at least 1.
 */
export async function checkHstuRanker(json: GoldenFile): Promise<GoldenReport> {
  const { userEvaluation, tokensEvaluation, ...outputs } = (json as unknown as ModuleGolden).outputs;
  const golden = withSlices(parseModule({ ...json, outputs }));
  const config = configOf(configSchema, golden);
  const perEvent = config.interleaved ? 2 : 1;
  const evaluated = netOf(config, perEvent * config.maxHistory + config.maxTargets);
  const trained = netOf(config, perEvent * (config.maxHistory + config.maxTargets));
  const inputs = inputsOf(golden, config);
  try {
    for (const net of [trained, evaluated]) setParameters(golden, placesOf(net));
    const training = await trainingErrors(golden, config, trained, inputs);
    const separate = await separateErrors({ golden, config, userEvaluation, tokensEvaluation }, evaluated, inputs);
    return goldenReport(
      golden.name,
      { ...training, outputs: { ...training.outputs, ...separate } },
      toleranceOf(golden),
    );
  } finally {
    tf.dispose([inputs.embeddings, ...inputs.contextual]);
    for (const net of [trained, evaluated]) for (const layer of net.layers) tf.dispose(weightsOf(layer));
  }
}

function weightsOf(layer: HstuRankerNet['layers'][number]): tf.Variable[] {
  return layer.names.map((name) => layer.weight(name));
}

interface RankerInputs {
  /** Events of histories first, candidates after them. */
  readonly embeddings: tf.Variable<tf.Rank.R2>;
  /** Rows of the file's embeddings in that order. */
  readonly order: Int32Array;
  readonly contextual: readonly tf.Variable<tf.Rank.R2>[];
  readonly eventOffsets: Int32Array;
  readonly rowOffsets: Int32Array;
  readonly times: { readonly events: readonly number[]; readonly requests: readonly number[] };
  readonly actions: Int32Array;
  readonly hasContext: Float32Array;
}

function inputsOf({ inputs }: ModuleGolden, config: RankerFile): RankerInputs {
  const lengths = tensorOf(inputs, 'lengths').data;
  const numTargets = tensorOf(inputs, 'numTargets', [lengths.length]).data;
  const timestamps = tensorOf(inputs, 'timestamps').data;
  const { shape, data } = tensorOf(inputs, 'embeddings');
  const starts = offsetsOf(lengths);
  const places = (from: (b: number) => number, to: (b: number) => number): number[] =>
    lengths.flatMap((_, b) => Array.from({ length: to(b) - from(b) }, (_row, t) => from(b) + t));
  const historyEnd = (b: number): number => starts[b + 1] - numTargets[b];
  const events = places((b) => starts[b], historyEnd);
  const candidates = places(historyEnd, (b) => starts[b + 1]);
  const order = Int32Array.from([...events, ...candidates]);
  const width = config.tableDim;
  const contextual = tensorOf(inputs, 'contextual', [lengths.length, config.contextualFeatures.length, width]);
  const rowsOf = (values: readonly number[], rows: ArrayLike<number>): tf.Variable<tf.Rank.R2> => {
    const own = Array.from(rows).flatMap((row) => values.slice(row * width, (row + 1) * width));
    return tf.tidy(() => tf.variable(tf.tensor2d(own, [rows.length, width])));
  };
  if (shape[0] !== order.length)
    throw new GoldenError(`golden: lengths: expected ${shape[0]} in all; got ${order.length}`);
  return {
    order,
    embeddings: rowsOf(data, order),
    contextual: config.contextualFeatures.map((_, c) =>
      rowsOf(
        contextual.data,
        lengths.map((_length, b) => b * config.contextualFeatures.length + c),
      ),
    ),
    eventOffsets: offsetsOf(lengths.map((length, b) => length - numTargets[b])),
    rowOffsets: offsetsOf(numTargets),
    times: {
      events: events.map((row) => timestamps[row]),
      requests: lengths.map((_, b) => timestamps[starts[b + 1] - 1]),
    },
    actions: Int32Array.from(tensorOf(inputs, 'actions').data, (mask) => bitsOf(mask, config.actionWeights)),
    hasContext: Float32Array.from(lengths, (length) => Number(length >= config.minHistoryForContext)),
  };
}

/** Bit `a` for weight `a`, whatever bit of the mask that is. */
function bitsOf(mask: number, weights: readonly number[]): number {
  return weights.reduce((bits, weight, a) => bits | ((mask & weight) > 0 ? 1 << a : 0), 0);
}

function netOf(config: RankerFile, tokens: number): HstuRankerNet {
  const { embeddingDim, tableDim, heads, hiddenDim, attentionDim, layers, interleaved, contextualFeatures } = config;
  const { preprocessorHidden, towerHidden, headHidden, actionDim, positionBuckets } = config;
  return new HstuRankerNet({
    ...{ embeddingDim, tableDim, preprocessorHidden, towerHidden, headHidden, actionDim, positionBuckets },
    numBlocks: layers,
    block: {
      ...{ ...hstuBlocks.production, linearDropout: 0, attention: 'silu', numTimeBuckets: 1 },
      ...{ numHeads: heads, dqk: attentionDim, dv: hiddenDim, contextualLength: contextualFeatures.length },
    },
    inputDropout: 0,
    contextual: contextualFeatures,
    item: { id: true, features: 0 },
    form: interleaved ? 'interleave' : 'sum',
    numActions: config.actionWeights.length,
    asksActions: true,
    ageBuckets: embeddingDim - 1,
    ageScale: 'sqrt',
    postNorm: 'layer',
    paddedLength: tokens + contextualFeatures.length,
    labels: config.tasks.length,
    seed: 0,
  });
}

function vectorsOf(config: RankerFile, inputs: RankerInputs, perCandidate: 1 | 2): RequestVectors {
  const { embeddings, contextual, eventOffsets, rowOffsets, times, actions, hasContext } = inputs;
  const form = { contextual: contextual.length, perEvent: config.interleaved ? 2 : 1, perCandidate } as const;
  const layout = requestLayout(eventOffsets, rowOffsets, times, form);
  return { contextual, ids: embeddings, actions, hasContext, layout };
}

/** What the file has of a training step, and its gradients. */
async function trainingErrors(
  golden: ModuleGolden,
  config: RankerFile,
  net: HstuRankerNet,
  inputs: RankerInputs,
): Promise<Pick<GoldenReport, 'outputs' | 'loss' | 'gradients'>> {
  const vectors = vectorsOf(config, inputs, config.interleaved ? 2 : 1);
  const { layout } = vectors;
  const kept: Record<string, tf.Tensor> = {};
  const keep = <T extends tf.Tensor>(name: string, value: T): T => {
    kept[name] = tf.keep(tf.clone(value));
    return value;
  };
  const variables = [...net.layers.flatMap(weightsOf), inputs.embeddings, ...inputs.contextual];
  const { value, grads } = tf.variableGrads(() => {
    const users = keep('user', net.users(keep('tokensBeforeAttention', net.tokens(vectors, RUN)), layout, RUN));
    const items = keep('item', net.items(candidatesOf(inputs)));
    const losses = taskLosses(golden, config, net.judge(users, items), keep);
    return tf.sum(keep('taskLosses', losses)) as tf.Scalar;
  }, variables);
  try {
    const loss = relativeError(await value.data(), [golden.loss]);
    const gradients = await gradientErrors(golden, placesOf(net), grads);
    const ofInputs = await compareGradients(golden.inputGradients, {
      embeddings: inFileOrder(await grads[inputs.embeddings.name].data(), inputs.order),
      contextual: bySequence(
        await Promise.all(inputs.contextual.map(({ name }) => grads[name].data())),
        config.tableDim,
      ),
    });
    return { outputs: await compareTensors(golden.outputs, kept), loss, gradients: { ...gradients, ...ofInputs } };
  } finally {
    tf.dispose([value, grads, kept]);
  }
}

function candidatesOf({ embeddings, actions, order }: RankerInputs): tf.Tensor2D {
  return tf.slice(embeddings, [actions.length, 0], [order.length - actions.length, embeddings.shape[1]]);
}

/** `multitaskWeight * sum (w loss) / max(sum w, 1)` of each task, `[tasks]`. */
function taskLosses(
  { inputs }: ModuleGolden,
  { tasks, multitaskWeight }: RankerFile,
  logits: tf.Tensor2D,
  keep: (name: string, value: tf.Tensor) => tf.Tensor,
): tf.Tensor1D {
  const [labels, weights] = ['labels', 'labelWeights'].map((name) => tensorOf(inputs, name));
  const count = logits.shape[0];
  const perTask = tf.split(logits, tasks.length, 1).map((column) => tf.reshape(column, [-1]));
  const predictions = perTask.map((z, l) => (tasks[l].kind === 'binary' ? tf.sigmoid(z) : z));
  keep('predictions', tf.stack(predictions));
  const losses = perTask.map((z, l) => {
    const [y, w] = [labels, weights].map(({ data }) => data.slice(l * count, (l + 1) * count));
    const each =
      tasks[l].kind === 'binary'
        ? tf.sub(tf.softplus(z), tf.mul(z, tf.tensor1d(y)))
        : tf.square(tf.sub(z, tf.tensor1d(y)));
    const total = w.reduce((sum, weight) => sum + weight, 0);
    return tf.mul(tf.sum(tf.mul(each, tf.tensor1d(w))), multitaskWeight / Math.max(total, 1));
  });
  return tf.stack(losses) as tf.Tensor1D;
}

interface EvaluationFile {
  readonly golden: ModuleGolden;
  readonly config: RankerFile;
  readonly userEvaluation?: GoldenTensor;
  readonly tokensEvaluation?: GoldenTensor;
}

/** Candidates apart from the history, as they are evaluated: as many tokens as candidates. */
async function separateErrors(
  { golden, config, userEvaluation = golden.outputs.user, tokensEvaluation }: EvaluationFile,
  net: HstuRankerNet,
  inputs: RankerInputs,
): Promise<Record<string, number>> {
  const vectors = vectorsOf(config, inputs, 1);
  const run = { ...RUN, training: false };
  const [tokens, separate, together] = tf.tidy(() => {
    const made = net.tokens(vectors, run);
    return [made, net.users(made, vectors.layout, run), net.users(made, vectors.layout, RUN)];
  });
  try {
    return await compareTensors(
      { userSeparate: userEvaluation, userTogether: userEvaluation, ...(tokensEvaluation && { tokensEvaluation }) },
      { userSeparate: separate, userTogether: together, tokensEvaluation: tokens },
    );
  } finally {
    tf.dispose([tokens, separate, together]);
  }
}

function inFileOrder(rows: ArrayLike<number>, order: Int32Array): Float32Array {
  const width = rows.length / order.length;
  const out = new Float32Array(rows.length);
  for (const [at, row] of order.entries()) for (let d = 0; d < width; d++) out[row * width + d] = rows[at * width + d];
  return out;
}

/** `[B, width]` of each feature as `[B, features, width]`. */
function bySequence(features: readonly ArrayLike<number>[], width: number): Float32Array {
  const out = new Float32Array(features.length * features[0].length);
  for (let i = 0; i < out.length; i++) {
    const [b, c, d] = [Math.floor(i / (features.length * width)), Math.floor(i / width) % features.length, i % width];
    out[i] = features[c][b * width + d];
  }
  return out;
}

/** Maps of contextual features by themselves: there they are one tensor `[features, in, out]`. */
function withSlices(golden: ModuleGolden): ModuleGolden {
  return { ...golden, parameters: sliced(golden.parameters), gradients: sliced(golden.gradients) };
}

function sliced(tensors: ModuleGolden['parameters']): ModuleGolden['parameters'] {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, { shape, data }]): [string, GoldenTensor][] => {
      // A network over no features has a bias and no gradient.
      if (name.includes('_additional_embedding_mlp')) return [];
      if (!name.startsWith(CONTEXT)) return [[name.replace('._mlp.', '.'), { shape, data }]];
      const own = shape.slice(1).filter((_, axis, all) => axis > 0 || all.length === 1 || all[0] !== 1);
      const count = data.length / shape[0];
      return Array.from({ length: shape[0] }, (_, c) => [
        `${name}.${c}`,
        { shape: own, data: data.slice(c * count, (c + 1) * count) },
      ]);
    }),
  );
}

/** Where each parameter lies in ours. */
function placesOf(net: HstuRankerNet): Record<string, Place> {
  const places: Record<string, Place> = {};
  const add = (layer: HstuRankerNet['layers'][number] | undefined, name: (own: string) => string): void => {
    for (const own of layer?.names ?? []) places[name(own)] = { variable: layer!.weight(own) };
  };
  for (const [c, map] of net.context.entries()) {
    places[`${CONTEXT}_weights.${c}`] = { variable: map.weight('weight'), isTransposed: true };
    places[`${CONTEXT}_bias.${c}`] = { variable: map.weight('bias') };
  }
  add(net.content, (own) => `${PREPROCESSOR}._content_embedding_mlp.${own}`);
  const actions = { table: '_action_embedding_table', unknown: '_target_action_embedding_table' };
  add(net.actions, (own) => `${PREPROCESSOR}._action_encoder.${actions[own as keyof typeof actions]}`);
  add(net.actionMap, (own) => `${PREPROCESSOR}._action_embedding_mlp.${own}`);
  add(net.positions, () => 'transducer._positional_encoder._position_embeddings_weight');
  add(net.ages, () => 'transducer._positional_encoder._timestamp_embeddings_weight');
  for (const [i, layer] of net.stack.entries()) {
    for (const own of layer.names) {
      const name = own === 'uvqk' ? '_uvqk_weight' : own === 'uvqk.bias' ? '_uvqk_beta' : `_${own.replace('.', '_')}`;
      const place = { variable: layer.weight(own), ...(own === 'o.weight' && { isTransposed: true }) };
      places[`transducer._stu_module._stu_layers.${i}.${name.replace('_o_', '_output_')}`] = place;
    }
  }
  add(net.post, (own) => `transducer._output_postprocessor._layer_norm.${own}`);
  add(net.tower, (own) => `itemTower.${own}`);
  add(net.head, (own) => `head._prediction_module.${own}`);
  return places;
}
