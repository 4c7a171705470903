import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf } from '../../golden/fuxictr-file.ts';
import {
  activation,
  columnsOf,
  commonArguments,
  type FuxiCtrBuilder,
  mlpPlaces,
  optionsOf,
  places,
  RUN,
  sharedSettings,
  TABLES,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import { gdcnNet } from './gdcn.ts';

const gdcnSchema = z.object({
  ...commonArguments,
  num_cross_layers: size.default(3),
  dnn_hidden_units: z.array(size).min(1),
  dnn_activations: activation,
  net_dropout: z.number().default(0),
});

const builder =
  (structure: 'parallel' | 'stacked'): FuxiCtrBuilder =>
  (file, fields) => {
    const given = argumentsOf(gdcnSchema, file);
    const net = gdcnNet(
      {
        kind: 'gdcn',
        ...sharedSettings,
        embeddingDim: given.embedding_dim,
        crossLayers: given.num_cross_layers,
        structure,
        hiddenSizes: given.dnn_hidden_units,
        dropout: 0,
      },
      optionsOf(fields),
    );
    const columns = columnsOf(fields);
    const parts: Readonly<Record<string, string>> = { weight: 'w', bias: 'b', gate: 'wg' };
    const ofCross = net.cross.names.map((name) => {
      const [i, part] = name.split('.');
      return [name, `cross_net.${parts[part]}.${i}${part === 'bias' ? '' : '.weight'}`] as const;
    });
    // The last map of the stacked form is a layer of its hidden ones there.
    const head =
      structure === 'parallel' ? 'fc' : `dnn.mlp.${given.dnn_hidden_units.length * (given.net_dropout > 0 ? 3 : 2)}`;
    return {
      layers: net,
      l2: { embeddingL2: given.embedding_regularizer, netL2: given.net_regularizer },
      places: {
        ...tablePlaces(net.fields, fields, TABLES),
        ...places(net.cross, Object.fromEntries(ofCross)),
        ...mlpPlaces(net.deep, 'dnn', given.net_dropout),
        ...places(net.head, { weight: `${head}.weight`, bias: `${head}.bias` }),
      },
      logits: (rows = columns) => net.logits(rows, RUN),
      taps: {
        embedding_layer: () => net.fields.embed(columns),
        cross_net: () => net.cross.forward(net.fields.embed(columns)),
      },
    };
  };

/** `GDCNP` of FuxiCTR. */
export const fuxiCtrGdcnParallel = builder('parallel');
/** `GDCN` of FuxiCTR. */
export const fuxiCtrGdcnStacked = builder('stacked');
