import type { Ranker } from '../model.ts';
import { dcnV2ConfigSchema } from '../rankers/dcn-v2/config.ts';
import { createDcnV2 } from '../rankers/dcn-v2/dcn-v2.ts';
import { fmConfigSchema } from '../rankers/fm/config.ts';
import { createFm } from '../rankers/fm/fm.ts';
import { lrConfigSchema } from '../rankers/lr/config.ts';
import { createLr } from '../rankers/lr/lr.ts';
import { mlpConfigSchema } from '../rankers/mlp/config.ts';
import { createMlp } from '../rankers/mlp/mlp.ts';
import type { RankerOptions } from '../rankers/ranker.ts';
import { dssmConfigSchema } from '../towers/dssm/config.ts';
import { createDssm } from '../towers/dssm/dssm.ts';

type Make = (settings: object, options: RankerOptions) => Ranker;

const dcn =
  (own: object): Make =>
  (settings, options) =>
    createDcnV2(dcnV2ConfigSchema.parse({ kind: 'dcn-v2', embeddingDim: 8, ...own, ...settings }), options);
const hiddenSizes = [16, 8];

/** Every model of rows, small; settings go into its configuration. */
export const rowModels: Readonly<Record<string, Make>> = {
  lr: (settings, options) => createLr(lrConfigSchema.parse({ kind: 'lr', ...settings }), options),
  fm: (settings, options) => createFm(fmConfigSchema.parse({ kind: 'fm', embeddingDim: 8, ...settings }), options),
  mlp: (settings, options) =>
    createMlp(mlpConfigSchema.parse({ kind: 'mlp', embeddingDim: 8, hiddenSizes, ...settings }), options),
  'dcn-v2': dcn({ hiddenSizes }),
  'dcn-v2 stacked': dcn({ structure: 'stacked', hiddenSizes, cross: 'low-rank', rank: 4 }),
  'dcn-v2 cross': dcn({ structure: 'cross', cross: 'mixture', rank: 8, experts: 2 }),
  dssm: (settings, options) =>
    createDssm(
      dssmConfigSchema.parse({
        ...{ kind: 'dssm', embeddingDim: 8, queryHiddenSizes: [16], itemHiddenSizes: [16], outputDim: 8 },
        ...settings,
      }),
      options,
    ),
};
