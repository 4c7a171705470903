import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import {
  columnsOf,
  commonArguments,
  type FuxiCtrBuilder,
  optionsOf,
  places,
  RUN,
  sharedSettings,
  TABLES,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import { finalnetNet } from './finalnet.ts';

const sizes = z.array(size).min(1).default([64, 64, 64]);
const activation = z
  .string()
  .regex(/^relu$/i)
  .nullish()
  .transform((name) => (name == null ? ('linear' as const) : ('relu' as const)));
const finalNetSchema = z.object({
  ...commonArguments,
  block_type: z.enum(['1B', '2B']).default('2B'),
  batch_norm: z.boolean().default(true),
  use_feature_gating: z.boolean().default(false),
  block1_hidden_units: sizes,
  block1_hidden_activations: activation,
  block2_hidden_units: sizes,
  block2_hidden_activations: activation,
  residual_type: z.enum(['concat', 'sum']).default('concat'),
});

/** `FinalNet` of FuxiCTR. */
export const fuxiCtrFinalNet: FuxiCtrBuilder = (file, fields) => {
  const given = argumentsOf(finalNetSchema, file);
  if (given.batch_norm) return 'no FinalNet with batch norm';
  const net = finalnetNet(
    {
      kind: 'finalnet',
      ...sharedSettings,
      embeddingDim: given.embedding_dim,
      blockType: given.block_type,
      featureGating: given.use_feature_gating,
      residualType: given.residual_type,
      block1HiddenSizes: given.block1_hidden_units,
      block1Activation: given.block1_hidden_activations,
      block1Dropout: 0,
      block2HiddenSizes: given.block2_hidden_units,
      block2Activation: given.block2_hidden_activations,
      block2Dropout: 0,
    },
    optionsOf(fields),
  );
  const columns = columnsOf(fields);
  const ofStreams = net.streams.map(({ block, head }, s) => {
    const names = block.names.map((name) => {
      const [i, part] = name.split('.');
      return [name, `block${s + 1}.layer.${i}.linear.${part}`] as const;
    });
    return {
      ...places(block, Object.fromEntries(names)),
      ...places(head, { weight: `fc${s + 1}.weight`, bias: `fc${s + 1}.bias` }),
    };
  });
  const { gating, branches } = net;
  return {
    layers: net,
    l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
    places: {
      ...tablePlaces(net.fields, fields, TABLES),
      ...(gating && places(gating, { weight: 'feature_gating.linear.weight', bias: 'feature_gating.linear.bias' })),
      ...Object.assign({}, ...ofStreams),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    ...(branches && {
      branches: {
        names: ['y1', 'y2'],
        asLogits: true,
        logits: () => branches.logits(columns, RUN),
        loss: branches.loss,
      },
    }),
    taps: {
      embedding_layer: () => net.fields.embed(columns),
      ...Object.fromEntries(net.streams.map((_, s) => [`block${s + 1}`, () => net.blockOutput(s, columns, RUN)])),
    },
  };
};
