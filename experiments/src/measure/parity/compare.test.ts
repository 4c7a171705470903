import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useBackend } from '@seqrec/core';
import { goldenKinds } from '@seqrec/models';
import { beforeAll, describe, expect, test } from 'vitest';
import { allPass, compareFile, renderComparisons } from './compare.ts';

const fixtures = fileURLToPath(new URL('../../../../packages/models/src/golden/fixtures/', import.meta.url));
const names = [
  'hstu-1x1',
  'hstu-2x2',
  'hstu-2x2-gain',
  'sasrec-2x2',
  'gru',
  'llama',
  'llama-square',
  'pre-norm-transformer',
];
const folder = mkdtempSync(join(tmpdir(), 'seqrec-parity-'));

describe.each(['simd', 'cpu'] as const)('backend %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  test.each(names)('%s is within tolerance', async (name) => {
    const comparison = await compareFile(join(fixtures, `${name}.json`));
    expect(comparison).toMatchObject({ within: true });
    expect(renderComparisons([comparison], false)).toContain('1 of 1 pass');
  });

  test('a changed weight is out of tolerance', async () => {
    const golden = JSON.parse(readFileSync(join(fixtures, 'hstu-1x1.json'), 'utf8'));
    golden.parameters['_hstu._attention_layers.0._uvqk'].data[3] += 0.05;
    const file = join(folder, 'changed.json');
    writeFileSync(file, JSON.stringify(golden));
    const comparison = await compareFile(file);
    expect(comparison).toMatchObject({ within: false });
    expect(allPass([comparison])).toBe(false);
    const shown = renderComparisons([comparison], true);
    expect(shown).toContain('1 of 1 FAIL');
    for (const name of Object.keys(golden.gradients)) expect(shown).toContain(name);
  });
});

test('a file of a kind that is still to come is named, and is no pass', async () => {
  const file = join(folder, 'mol.json');
  writeFileSync(file, JSON.stringify({ name: 'mol-own-items', kind: 'mol' }));
  const comparison = await compareFile(file);
  expect(comparison).toEqual({ file, name: 'mol-own-items', notYet: 'no mixture of logits' });
  expect(allPass([comparison])).toBe(false);
  const known = await compareFile(join(fixtures, 'gru.json'));
  expect(allPass([comparison, known])).toBe(true);
  const shown = renderComparisons([comparison, known], false);
  expect(shown).toMatch(/mol-own-items .* no mixture of logits .* not yet/);
  expect(shown).toContain('1 of 1 pass; 1 not compared yet');
});

test('a malformed file is named', async () => {
  const file = join(folder, 'broken.json');
  writeFileSync(file, '{"name": "x"');
  await expect(compareFile(file)).rejects.toThrow(`${file}: expected a golden file in JSON`);
  writeFileSync(file, '{"name": "x"}');
  await expect(compareFile(file)).rejects.toThrow(
    `${file}: golden: kind: expected one of ${goldenKinds().join(', ')}, or one still to come; got undefined`,
  );
});
