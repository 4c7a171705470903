import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExampleSet, interactionsFromArrays } from '@seqrec/data';
import { fitIdVectors, idVectors, type Rows, semanticIdsSchema } from '@seqrec/models';
import { pairsOf } from '../src/letters.ts';
import '../src/plugin.ts';

const shop = (...items: string[]) =>
  interactionsFromArrays({
    ...{ name: 'shop', users: items.map(() => 'u'), items, timestamps: items.map((_, time) => time) },
  });
const none = new Int32Array(0);

test('names that are written alike are near, and later items have the vectors that they would have had', async () => {
  assert.equal(
    pairsOf('tea', 64).reduce((sum, count) => sum + count),
    4,
  );
  const readFile = async (): Promise<Rows> => assert.fail('no file is named');
  const request = { ...semanticIdsSchema().parse({ vectors: [{ kind: 'own/letters', width: 256 }] }), readFile };
  const interactions = shop('beans', 'peas', 'pear');
  const train: ExampleSet = { name: 'train', interactions, users: none, starts: none, targets: none };
  const { rows, state } = await fitIdVectors(request, train);
  const near = (a: number, b: number): number =>
    Array.from({ length: 256 }, (_, j) => rows.values[a * 256 + j] * rows.values[b * 256 + j]).reduce((x, y) => x + y);
  assert.ok(near(1, 2) > near(0, 2));
  const more = await idVectors(request, state, shop('beans', 'peas', 'pear', 'plum'));
  assert.deepEqual(more.values.subarray(0, rows.values.length), rows.values);
});
