import { causalAttention, offsetsOf, positionIds } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { compareGradients, compareTensors } from '../../golden/compare.ts';
import { checkedFields, type GoldenFile, type GoldenTensor, tensorOf } from '../../golden/file.ts';
import { type Place, setParameters, toleranceOf } from '../../golden/module.ts';
import { relativeError } from '../../golden/relative-error.ts';
import { type GoldenReport, goldenReport } from '../../golden/report.ts';
import { hostIntegers } from '../../host-integers.ts';
import { t5ConfigOf, t5GoldenSchema, unpadded } from './golden-file.ts';
import { writtenOf } from './golden-writing.ts';
import { type Sequences, type T5Net, t5Net } from './net.ts';

const RUN = { training: false, step: 0, seed: 0 };
const IGNORED = -100;

/** Rows of a matrix of the file, whatever its first axes are. */
function rowsOf({ shape, data }: GoldenTensor, rows: readonly number[]): number[] {
  const width = shape[shape.length - 1];
  return rows.flatMap((row) => data.slice(row * width, (row + 1) * width));
}

/**
 * T5 of transformers beside ours: what both stacks and the head make of padded sequences, biases, weights of the last
 * cross-attention, loss and gradients, greedy writing and beams of one length. Not compared: `beamPenalty0*` and
 * `beamPenalty1*`, since items have one length here and beams no end token.
 */
export async function checkT5(json: GoldenFile): Promise<GoldenReport> {
  const file = checkedFields(t5GoldenSchema, json);
  const { config, inputs, outputs, gradients } = file;
  const net = t5Net(t5ConfigOf(config), { numItems: config.vocab - 1, seed: 0 });
  const places = placesOf(net);
  setParameters(file, places);
  const history = unpadded(tensorOf(inputs, 'inputIds'), tensorOf(inputs, 'attentionMask'));
  const labels = tensorOf(inputs, 'labels');
  const written = shifted(labels);
  try {
    const made: Record<string, tf.Tensor> = {};
    const keep = <T extends tf.Tensor>(name: string, x: T): T => {
      made[name] = tf.keep(x);
      return x;
    };
    const { value, grads } = tf.variableGrads(() => {
      const memory = keep('encoderLast', net.encode(history.ids, history.offsets, RUN));
      const hidden = net.decodeAll(written, memory, history.offsets, RUN);
      keep('decoderLast', tf.mul(hidden, config.tied ? Math.sqrt(config.dModel) : 1));
      const logits = keep('logits', tf.matMul(hidden, net.head(), false, true) as tf.Tensor2D);
      return meanLoss(logits, labels);
    });
    const last = tf.tidy(() => crossWeights(net, written, made.encoderLast as tf.Tensor2D, history));
    const expected = {
      logits: { ...outputs.logits, shape: [labels.data.length, config.vocab] },
      decoderLast: { ...outputs.decoderLast, shape: [labels.data.length, config.dModel] },
      encoderPositionBias: outputs.encoderPositionBias,
      decoderPositionBias: outputs.decoderPositionBias,
    };
    const compared = await compareTensors(expected, {
      logits: made.logits,
      decoderLast: made.decoderLast,
      encoderPositionBias: biasOf(net, 'encoder', outputs.encoderPositionBias),
      decoderPositionBias: biasOf(net, 'decoder', outputs.decoderPositionBias),
    });
    compared.encoderLast = relativeError(
      await made.encoderLast.data(),
      rowsOf(tensorOf(outputs, 'encoderLast'), history.rows),
    );
    compared.crossAttentionLast = relativeError(last, tensorOf(outputs, 'crossAttentionLast').data);
    const slopes = Object.fromEntries(Object.keys(gradients).map((name) => [name, grads[places[name].variable.name]]));
    const errors = {
      outputs: { ...compared, ...(await writtenOf(net, history, file)) },
      loss: relativeError(await value.data(), [file.loss]),
      gradients: await compareGradients(gradients, slopes),
    };
    tf.dispose([value, grads, made]);
    return goldenReport(file.name, errors, toleranceOf({ ...file, kind: 't5', inputGradients: {} }));
  } finally {
    for (const { variable } of Object.values(places)) variable.dispose();
  }
}

/** Weights of the net by the library's names. */
function placesOf({ layers }: T5Net): Record<string, Place> {
  return Object.fromEntries(
    layers.flatMap(({ layer, names }) =>
      Object.entries(names).map(([own, name]) => [name, { variable: layer.weight(own) }]),
    ),
  );
}

/** What the decoder reads for labels: padding, and all of them but the last; those that are ignored are padding. */
function shifted({ shape: [count, length], data }: GoldenTensor): Sequences {
  const ids = Int32Array.from(data, (_, i) => (i % length === 0 ? 0 : Math.max(0, data[i - 1])));
  return { ids, offsets: offsetsOf(new Array<number>(count).fill(length)) };
}

function meanLoss(logits: tf.Tensor2D, { data }: GoldenTensor): tf.Scalar {
  const counted = data.flatMap((label, row) => (label === IGNORED ? [] : [row]));
  const own = tf.gather(tf.logSoftmax(logits), tf.tensor1d(counted, 'int32'));
  const ofLabel = tf.oneHot(
    tf.tensor1d(
      counted.map((row) => data[row]),
      'int32',
    ),
    logits.shape[1],
  );
  return tf.div(tf.neg(tf.sum(tf.mul(own, ofLabel))), counted.length) as tf.Scalar;
}

/** The bias of every key for every query, `[1, H, n, n]`. */
function biasOf(net: T5Net, stack: 'encoder' | 'decoder', { shape: [, heads, places] }: GoldenTensor): number[] {
  return tf.tidy(() => {
    const { biases } = net[stack].relative(
      Int32Array.from({ length: places }, (_, i) => i),
      places,
    );
    return Array.from(tf.transpose(biases, [1, 0, 2]).dataSync()).slice(0, heads * places ** 2);
  });
}

/** Weights of the last cross-attention over padded keys, `[B, H, n, m]`: what it makes of values that are places. */
function crossWeights(net: T5Net, written: Sequences, memory: tf.Tensor2D, history: Sequences): Float32Array {
  const { blocks, table, relative } = net.decoder;
  const [count, length] = [written.offsets.length - 1, written.offsets[1]];
  const within = hostIntegers(written.offsets);
  const across = { offsets: hostIntegers(history.offsets), queryOffsets: within, sees: 'all' } as const;
  const places = relative(positionIds(written.offsets), length);
  const attend = (i: number, rows: tf.Tensor2D): tf.Tensor2D =>
    blocks[i].attend(rows, places, (fresh) => ({ ...fresh, offsets: within }), RUN);
  let x = table.forward(tf.tensor1d(written.ids, 'int32'), RUN, 'golden');
  for (const [i, block] of blocks.slice(0, -1).entries()) {
    x = block.feed(block.attendTo(attend(i, x), { ...block.keysOf(memory), ...across }, RUN), RUN);
  }
  const last = blocks[blocks.length - 1];
  const { k } = last.keysOf(memory);
  const longest = Math.max(...positionIds(history.offsets)) + 1;
  const at = tf.gather(tf.eye(longest), tf.tensor1d(positionIds(history.offsets), 'int32'));
  const v = tf.tile(tf.expandDims(at, 1), [1, k.shape[1], 1]);
  const weights = causalAttention({ q: last.queriesOf(attend(blocks.length - 1, x)), k, v, ...across, scale: 1 });
  const byHead = tf.transpose(tf.reshape(weights, [count, length, -1, longest]), [0, 2, 1, 3]);
  return byHead.dataSync() as Float32Array;
}
