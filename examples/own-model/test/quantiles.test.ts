import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitSemanticIds, semanticIdsSchema } from '@seqrec/models';
import '../src/plugin.ts';

test('cells of a column hold as many items each, and new items get the cells of their numbers', async () => {
  const config = semanticIdsSchema().parse({ tokenizer: { kind: 'own/quantiles', levels: 2, codes: 2 } });
  const values = Float64Array.of(1, 8, 2, 6, 3, 7, 4, 5);
  const { codes, codebooks } = await fitSemanticIds({
    config,
    items: 4,
    vectors: { count: 4, width: 2, values },
    seed: 1,
  });
  // Level 1, level 2, and the counter of equal codes.
  assert.deepEqual([...codes.values], [0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0]);
  const later = await codebooks.encode!({ count: 1, width: 2, values: Float64Array.of(2.5, 6.5) });
  assert.deepEqual([...later.values], [0, 0]);
});
