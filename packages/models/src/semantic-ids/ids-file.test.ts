import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { normals, streamKey, useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../io/safetensors.ts';
import { fitSemanticIds } from './fit.ts';
import { idsDigest, readSemanticIds, type StoredIds, writeSemanticIds } from './ids-file.ts';
import { semanticIdsSchema } from './schema.ts';

beforeAll(() => useBackend('simd'));
const folder = mkdtempSync(join(tmpdir(), 'seqrec-ids-'));
const vectors = { count: 12, width: 3, values: normals(streamKey(1, 'rows'), 0, 36) };

async function made(tokenizer: object): Promise<StoredIds> {
  const config = semanticIdsSchema().parse({ tokenizer });
  const ids = await fitSemanticIds({ config, items: 12, vectors, seed: 1 });
  return {
    ...ids,
    ...{ config, data: 'shop', events: '0a', version: 2, versions: ['abc'] },
    items: Array.from({ length: 12 }, (_, i) => `item "${i}"`),
    vectors: {
      tensors: new Map([['0.idf', { count: 2, width: 1, values: Float64Array.of(1, 0.5) }]]),
      texts: new Map([['0.terms', ['a', 'ß']]]),
    },
  };
}

describe('a file of ids', () => {
  it.each([
    { kind: 'residual-k-means', codes: 4, normalize: true },
    {
      ...{ kind: 'rq-vae', codes: 4, hiddenSizes: [5], width: 3, epochs: 1, projected: true, normalize: true },
      assignment: { kind: 'sinkhorn', levels: 'all' },
    },
    { kind: 'hierarchical', codes: 3 },
    { kind: 'product', codes: 4 },
    { kind: 'lsh', bits: 2 },
    { kind: 'random', codes: 4 },
    { kind: 'atomic' },
  ])('comes back as it was written, $kind', async (tokenizer) => {
    const ids = await made(tokenizer);
    const file = join(folder, `${tokenizer.kind}.safetensors`);
    await writeSemanticIds(file, ids);
    const { codebooks, ...rest } = await readSemanticIds(file);
    const { codebooks: own, ...written } = ids;
    expect(rest).toEqual(written);
    expect([codebooks.sizes, [...codebooks.tensors]]).toEqual([own.sizes, [...own.tensors]]);
    if (own.encode !== undefined) expect(await codebooks.encode!(vectors)).toEqual(await own.encode(vectors));
    expect(idsDigest(rest)).toBe(idsDigest(ids));
  });

  it('has a digest of items and codes', async () => {
    const ids = await made({ kind: 'atomic' });
    expect(idsDigest({ ...ids, items: ids.items.with(3, 'other') })).not.toBe(idsDigest(ids));
    const values = ids.codes.values.with(0, 11).with(11, 0);
    expect(idsDigest({ ...ids, codes: { ...ids.codes, values } })).not.toBe(idsDigest(ids));
  });

  it('is told when it is damaged', async () => {
    const ids = await made({ kind: 'residual-k-means', codes: 4 });
    const file = join(folder, 'damaged.safetensors');
    await writeSemanticIds(file, ids);
    const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
    const damaged = async (change: { without?: string; says?: Record<string, string> }): Promise<string> => {
      const left = new Map([...tensors].filter(([name]) => name !== change.without));
      const content = { tensors: left, metadata: { ...metadata, ...change.says } };
      writeFileSync(file, Buffer.concat(encodeSafetensors(content)));
      return readSemanticIds(file).then(
        () => 'read',
        (error: Error) => error.message,
      );
    };
    expect(await damaged({})).toBe('read');
    expect(await damaged({ without: 'codes' })).toContain('expected 4 codes of 12 items; got []');
    expect(await damaged({ without: 'codebooks/codebook.1' })).toContain(
      "expected the tensor codebook.1 of 'residual-k-means'; got codebook.0, codebook.2",
    );
    expect(await damaged({ says: { items: 'x' } })).toContain('items: expected JSON; got ');
    expect(await damaged({ says: { texts: '{}' } })).toContain('texts: ');
    const { about } = metadata;
    const sizes = JSON.stringify({ ...JSON.parse(about), sizes: [1, 4, 4, 9] });
    expect(await damaged({ says: { about: sizes } })).toMatch(/expected codes below 1 on level 1; got \d for the item/);
  });

  it('is told from other files', async () => {
    const other = join(folder, 'other.safetensors');
    writeFileSync(other, Buffer.concat(encodeSafetensors({ tensors: new Map(), metadata: {} })));
    await expect(readSemanticIds(other)).rejects.toThrow(
      `${other}: expected semantic ids, as \`seqrec ids fit\` writes them; got another safetensors file`,
    );
    writeFileSync(other, 'item\tcode1\n');
    await expect(readSemanticIds(other)).rejects.toThrow(other);
  });
});
