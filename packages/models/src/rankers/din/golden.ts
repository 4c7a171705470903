import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import { fieldNames, HISTORY_TABLES, historyArguments, historyOfFile } from '../../golden/fuxictr-history.ts';
import {
  columnsOf,
  type FuxiCtrBuilder,
  mlpPlaces,
  mlpRunning,
  optionsOf,
  RUN,
  sharedSettings,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import { RunningStatistics } from '../../layers/running.ts';
import { segmentSum, sequenceOf } from '../../layers/segments.ts';
import { type SequenceInput, sequenceNet } from '../sequence/net.ts';
import { dinConfigSchema } from './config.ts';
import { type DinModule, dinModule } from './din.ts';

const activation = z
  .string()
  .transform((name) => name.toLowerCase())
  .pipe(z.enum(['relu', 'dice']));

const schema = z.object({
  ...historyArguments,
  attention_hidden_units: z.array(size).default([64]),
  attention_hidden_activations: activation.default('dice'),
  dnn_activations: activation.default('relu'),
  din_target_field: fieldNames,
  din_sequence_field: fieldNames,
  din_use_softmax: z.boolean().default(false),
});

/**
 * A module whose histories are padded to `length` events. Padding gets a weight, which is then left out, so that
 * statistics of a batch are over padding as well, as they are there.
 */
function padded(module: DinModule, length: number): DinModule {
  const pool = ({ tokens, candidates, padding, offsets, run }: SequenceInput): tf.Tensor2D =>
    tf.tidy(() => {
      const [events, count] = [tokens.shape[0], candidates.shape[0]];
      const of = sequenceOf(offsets);
      const examples = Int32Array.from({ length: count * length }, (_, row) => Math.floor(row / length));
      const places = examples.map((b, row) => {
        const at = offsets[b] + (row % length);
        return at < offsets[b + 1] ? at : events;
      });
      const rows = tf.gather(tf.concat2d([tokens, padding], 0), tf.tensor1d(places, 'int32'));
      const scores = module.unit.score(rows, candidates, tf.tensor1d(examples, 'int32'), run);
      const kept = of.map((b, at) => b * length + at - offsets[b]);
      return segmentSum(tf.mul(tokens, tf.gather(scores, tf.tensor1d(kept, 'int32'))), of, count);
    });
  return { ...module, pool };
}

/** `DIN` of FuxiCTR. */
export const fuxiCtrDin: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(schema, file);
  const isTraining = file.config.mode === 'train';
  if (isTraining && given.din_use_softmax) return 'no DIN with a softmax in training';
  const of = { targets: given.din_target_field, sequences: given.din_sequence_field, maxEvents: 64 };
  const { fields: history, history: rows, dispose } = historyOfFile(file, fields, of);
  const config = dinConfigSchema.parse({
    kind: 'din',
    ...sharedSettings,
    ...{ embeddingDim: given.embedding_dim, hiddenSizes: given.dnn_hidden_units },
    ...{ attentionHiddenSizes: given.attention_hidden_units, attentionSoftmax: given.din_use_softmax },
    ...{ attentionActivation: given.attention_hidden_activations, hiddenActivation: given.dnn_activations },
  });
  const [, length] = file.inputs[of.sequences[0]].shape;
  const net = sequenceNet(config, { ...optionsOf(fields), history }, (own, options) =>
    isTraining ? padded(dinModule(own, options), length) : dinModule(own, options),
  );
  const { unit } = net.module;
  const [deep] = net.tower.layers;
  const [attention, tower] = ['attention_layers.0.attention_layer', 'dnn'];
  const running = { ...mlpRunning(unit, attention, 0), ...mlpRunning(deep, tower, 0) };
  const columns = columnsOf(fields);
  const vectors = () => net.history.vectors(rows);
  const run = { ...RUN, training: isTraining };
  const statistics = new RunningStatistics();
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, HISTORY_TABLES),
      ...mlpPlaces(unit, attention, 0),
      ...mlpPlaces(deep, tower, 0),
      // Outside training they are read as they are; one pass of training makes them.
      ...(isTraining
        ? {}
        : Object.fromEntries(Object.entries(running).map(([name, variable]) => [name, { variable }]))),
    },
    logits: () => net.logits(columns, { ...run, statistics }, rows),
    taps: {
      'attention_layers.0': () =>
        net.module.pool({ ...rows, ...vectors(), offsets: rows.batch.hostOffsets, run, eventRun: run }),
    },
    ...(isTraining && { running: { statistics, variables: running } }),
    dispose,
  };
};
