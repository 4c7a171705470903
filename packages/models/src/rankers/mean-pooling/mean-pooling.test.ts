import { expect, it } from 'vitest';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { meanPoolingConfigSchema } from './config.ts';

it('has the defaults that are documented', () => {
  const given = { kind: 'mean-pooling', embeddingDim: 4 } as const;
  expect(meanPoolingConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults });
  expect(meanPoolingConfigSchema.safeParse({ ...given, crossLayers: 2 }).error?.issues[0].message).toContain(
    "it with tower 'dcn-v2' alone",
  );
});
