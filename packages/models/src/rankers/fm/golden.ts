import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { argumentsOf, regulariser } from '../../golden/fuxictr-file.ts';
import {
  columnsOf,
  type FuxiCtrBuilder,
  optionsOf,
  places,
  RUN,
  sharedSettings,
  TABLES,
  tablePlaces,
} from '../../golden/fuxictr-model.ts';
import { fmNet, pairwiseTerms } from './fm.ts';

/** `FM` of FuxiCTR. */
export const fuxiCtrFm: FuxiCtrBuilder = (file, fields) => {
  const { embedding_dim: embeddingDim, regularizer } = argumentsOf(
    z.object({ embedding_dim: size, regularizer: regulariser }),
    file,
  );
  const net = fmNet({ kind: 'fm', ...sharedSettings, embeddingDim }, optionsOf(fields));
  const columns = columnsOf(fields);
  return {
    layers: net,
    l2: { embeddingL2: regularizer, netL2: regularizer },
    places: {
      ...tablePlaces(net.tables[0], fields, TABLES),
      ...tablePlaces(net.tables[1], fields, `fm.lr_layer.${TABLES}`),
      ...places(net.net[0], { bias: 'fm.lr_layer.bias' }),
    },
    logits: (rows = columns) => net.logits(rows, RUN),
    taps: {
      embedding_layer: () => net.fields.embed(columns),
      'fm.lr_layer': () => net.linear(columns),
      'fm.fm_layer': () => pairwiseTerms(net.fields.vectors(columns), 1),
    },
  };
};
