import { expect, it } from 'vitest';
import { describeFuxiCtr, describeFuxiCtrTraining } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { lrConfigSchema } from './config.ts';
import { lrNet } from './lr.ts';
import { plainLrFile, plainLrTraining } from './test-support/fuxictr.ts';
import { plainLr } from './test-support/plain.ts';

const config = lrConfigSchema.parse({ kind: 'lr', embeddingStd: 0.7 });
describeRowFormulas({
  lr: { net: (options) => lrNet(config, options), plain: plainLr },
});
describeFuxiCtr({ lr: plainLrFile });
describeFuxiCtrTraining('lr', plainLrTraining, ['regularizer']);

it('has the defaults of the reference', () => {
  expect(lrConfigSchema.parse({ kind: 'lr' })).toEqual({ kind: 'lr', ...rowDefaults });
});
