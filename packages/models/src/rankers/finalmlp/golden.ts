import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import {
  columnsOf,
  commonArguments,
  type FuxiCtrBuilder,
  hiddenActivation,
  mlpPlaces,
  optionsOf,
  places,
  RUN,
  sharedSettings,
  TABLES,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import type { Place } from '../../golden/module.ts';
import { finalmlpNet } from './finalmlp.ts';

const sizes = z.array(size).min(1).default([64, 64, 64]);
const names = z.array(z.string()).default([]);
const finalMlpSchema = z.object({
  ...commonArguments,
  mlp1_hidden_units: sizes,
  mlp1_hidden_activations: hiddenActivation.default('relu'),
  mlp1_dropout: z.number().default(0),
  mlp2_hidden_units: sizes,
  mlp2_hidden_activations: hiddenActivation.default('relu'),
  mlp2_dropout: z.number().default(0),
  use_fs: z.boolean().default(true),
  fs_hidden_units: z.array(size).min(1).default([64]),
  fs1_context: names,
  fs2_context: names,
  num_heads: size.default(1),
});

/** `FinalMLP` of FuxiCTR. */
export const fuxiCtrFinalMlp: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(finalMlpSchema, file);
  const contexts = [given.fs1_context, given.fs2_context];
  const net = finalmlpNet(
    {
      kind: 'finalmlp',
      ...sharedSettings,
      embeddingDim: given.embedding_dim,
      mlp1HiddenSizes: given.mlp1_hidden_units,
      mlp1Activation: given.mlp1_hidden_activations,
      mlp1Dropout: 0,
      mlp2HiddenSizes: given.mlp2_hidden_units,
      mlp2Activation: given.mlp2_hidden_activations,
      mlp2Dropout: 0,
      featureSelection: given.use_fs,
      gateHiddenSizes: given.fs_hidden_units,
      context1: contexts[0],
      context2: contexts[1],
      heads: given.num_heads,
    },
    optionsOf(fields),
  );
  const columns = columnsOf(fields);
  const ofGates = net.gates.map(({ tables, learned, layers }, g): Record<string, Place> => {
    const module = `fs_module.fs${g + 1}`;
    const own = contexts[g].map((name) => fields.find((field) => field.name === name)!);
    return {
      ...(tables && tablePlaces(tables, own, `${module}_ctx_emb.embedding_layer.embedding_layers`)),
      ...(learned && places(learned, { context: `${module}_ctx_bias` })),
      ...mlpPlaces(layers, `${module}_gate`, 0),
    };
  });
  const fusion = {
    'x.weight': 'w_x.weight',
    'x.bias': 'w_x.bias',
    'y.weight': 'w_y.weight',
    'y.bias': 'w_y.bias',
    xy: 'w_xy',
  };
  const ofFusion = Object.entries(fusion).map(([own, name]) => [own, `fusion_module.${name}`]);
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, TABLES),
      ...mlpPlaces(net.streams[0], 'mlp1', given.mlp1_dropout),
      ...mlpPlaces(net.streams[1], 'mlp2', given.mlp2_dropout),
      ...Object.assign({}, ...ofGates),
      ...places(net.fusion, Object.fromEntries(ofFusion)),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: {
      embedding_layer: () => net.fields.embed(columns),
      mlp1: () => net.outputs(columns, RUN)[0],
      mlp2: () => net.outputs(columns, RUN)[1],
      fusion_module: () => net.logits(columns, RUN),
    },
  };
};
