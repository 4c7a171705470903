import { expect, it } from 'vitest';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { etaConfigSchema } from './config.ts';
import { etaNet, hashDirections } from './eta.ts';
import { plainRetrieval, sharedBits } from './test-support/plain.ts';

const sizes = { shortEvents: 2, topK: 2 };
const config = etaConfigSchema.parse({
  ...{ kind: 'eta', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4], attentionDim: 4, hashBits: 6, ...sizes },
});
const directions = hashDirections(9, config);
describeRowFormulas({
  eta: {
    net: (options) => etaNet(config, options),
    plain: (w, rows) =>
      plainSequence(
        w,
        rows,
        plainRetrieval({ heads: 2, ...sizes }, (_, item, event) => sharedBits(directions, item, event)),
      ),
    maxEvents: 4,
  },
});
describeFuxiCtr({ eta: fuxiCtrFile('eta') });

it('has the defaults that are documented', () => {
  const given = { kind: 'eta', embeddingDim: 4 } as const;
  const own = { shortEvents: 10, topK: 10, attentionDim: 64, numHeads: 2, mask: 'events', hashBits: 32, hashSeed: 0 };
  expect(etaConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults, ...own });
});
