import { z } from 'zod';
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
import { lrNet } from './lr.ts';

/** `LR` of FuxiCTR. */
export const fuxiCtrLr: FuxiCtrBuilder = (file, fields) => {
  const { regularizer } = argumentsOf(z.object({ regularizer: regulariser }), file);
  const net = lrNet({ kind: 'lr', ...sharedSettings }, optionsOf(fields));
  return {
    layers: net,
    l2: { embeddingL2: regularizer, netL2: regularizer },
    places: {
      ...tablePlaces(net.tables[0], fields, `lr_layer.${TABLES}`),
      ...places(net.net[0], { bias: 'lr_layer.bias' }),
    },
    logits: (columns = columnsOf(fields)) => net.logits(columns, RUN),
    taps: {},
  };
};
