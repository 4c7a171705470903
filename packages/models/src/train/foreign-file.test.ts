import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSnapshot } from '../delta/snapshot.ts';
import type { TokenEncoder } from '../model.ts';
import { type HostTensor, readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { asVersion1, type Rewrite, rewriteSafetensors } from '../test-support/rewrite-safetensors.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { loadCheckpoint, loadModel, saveCheckpoint } from './checkpoint.ts';
import { exportWeights } from './export-weights.ts';
import { loadTables } from './load-tables.ts';
import { loadWeights } from './load-weights.ts';
import { modelFromBytes } from './model-from-bytes.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-foreign-'));
const TABLE = '_embedding_module._item_emb.weight';
let trainer: Trainer<TokenEncoder>;
let saved: Buffer;
let weights: Record<string, HostTensor>;

const trainerOf = (): Trainer<TokenEncoder> =>
  createTrainer({
    model: createModel(tinyConfigs.hstu, { numItems: 20, seed: 1 }),
    examples: tinyTrain(),
    batchSize: 5,
    learningRate: 0.01,
    numNegatives: 6,
    seed: 4,
  });

beforeAll(async () => {
  await useBackend('cpu');
  trainer = trainerOf();
  await trainer.step();
  const file = join(folder, 'saved.safetensors');
  await saveCheckpoint(file, trainer);
  saved = readFileSync(file);
  weights = await readParameters(trainer.model);
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(bytes: Uint8Array): string {
  const file = join(folder, `${files++}.safetensors`);
  writeFileSync(file, bytes);
  return file;
}

/** The weights of a file, and what was noted while it was read, the name of the file left out. */
async function load(bytes: Uint8Array): Promise<{ weights: Record<string, HostTensor>; notes: string[] }> {
  const file = write(bytes);
  const notes: string[] = [];
  const model = await loadModel(file, { onNote: (note) => notes.push(note.replace(`${file}: `, '')) });
  const inMemory: string[] = [];
  const other = await modelFromBytes(Uint8Array.from(bytes), 'x', {
    onNote: (note) => inMemory.push(note.replace('x: ', '')),
  });
  const read = await readParameters(model);
  expect(await readParameters(other)).toEqual(read);
  expect(inMemory).toEqual(notes);
  return { weights: read, notes };
}

describe('a checkpoint that another program wrote again', () => {
  it('loads with its tensors in another order, and training goes on from it', async () => {
    const bytes = rewriteSafetensors(saved);
    const names = (file: Buffer) =>
      Object.keys(JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0)))));
    expect(names(bytes)).not.toEqual(names(saved));
    expect(await load(bytes)).toEqual({ weights, notes: [] });
    const other = trainerOf();
    await loadCheckpoint(write(bytes), other);
    expect((await other.step()).loss).toBe((await trainer.step()).loss);
  });

  it.each<[string, Rewrite, number, RegExp[]]>([
    ['F64', { dtype: () => 'F64' }, 0, [/'.*' and \d+ more: F64, rounded to float32; .*not checked/]],
    ['BF16', { dtype: () => 'BF16' }, 2 ** -7, [/ and \d+ more: BF16, read as float32; .*not checked/]],
    ['F16', { dtype: () => 'F16' }, 2 ** -10, [/ and \d+ more: F16, read as float32; .*not checked/]],
    [
      'F16 and BF16',
      { dtype: (name) => (name === TABLE ? 'BF16' : name.endsWith('_ts_w') ? 'F16' : 'F32') },
      2 ** -7,
      [/^'_embedding_module\._item_emb\.weight': BF16/, /F16/],
    ],
    ['no checksum', { metadata: ({ checksums: _, ...rest }) => rest }, 0, [/it has no checksum/]],
  ])('loads with a note: %s', async (_, rewrite, tolerance, notes) => {
    const loaded = await load(rewriteSafetensors(saved, rewrite));
    expect(loaded.notes).toHaveLength(notes.length);
    for (const [i, note] of notes.entries()) expect(loaded.notes[i]).toMatch(note);
    for (const [name, { data }] of Object.entries(loaded.weights)) {
      const expected = weights[name].data;
      for (const [i, value] of (data as Float32Array).entries())
        expect(Math.abs(value - expected[i]), name).toBeLessThanOrEqual(
          tolerance * Math.abs(expected[i]) + 2 ** -25 * Math.sign(tolerance),
        );
    }
  });

  it('is refused with a changed byte, naming the tensor', async () => {
    const bytes = rewriteSafetensors(saved);
    const start = 8 + Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, start));
    for (const name of [TABLE, `optimizer.m/${TABLE}`, '_hstu._attention_layers.1._o.bias']) {
      const copy = Buffer.from(bytes);
      copy[start + header[name].data_offsets[1] - 1] ^= 1;
      const message = `expected '${name}' with the stored checksum; got other bytes; the file is damaged there`;
      await expect(loadModel(write(copy))).rejects.toThrow(message);
      await expect(modelFromBytes(Uint8Array.from(copy))).rejects.toThrow(message);
    }
  });

  it.each<[string, Rewrite, string]>([
    [
      'another shape',
      { shape: (name, s) => (name === TABLE ? [...s].reverse() : s) },
      `expected '${TABLE}' as it was saved, F32 [21, 8]; got F32 [8, 21]`,
    ],
    [
      'a tensor less',
      { keep: (name) => name !== TABLE },
      `expected '${TABLE}', which was saved with the others; it is missing`,
    ],
    [
      'a moment less',
      { keep: (name) => name !== `optimizer.v/${TABLE}` },
      `expected 'optimizer.v/${TABLE}', which was saved with the others`,
    ],
    ['whole numbers', { dtype: () => 'I64' }, 'as F32, F64, F16 or BF16; got I64'],
    [
      'no metadata',
      { metadata: () => undefined },
      'which name the model; got none; another program may have dropped them',
    ],
    ['those of another program', { metadata: () => ({ format: 'pt' }) }, 'got those of "pt"'],
    [
      'a later version',
      { metadata: (m) => ({ ...m, version: '9' }) },
      'expected seqrec-checkpoint version 1, 2 or 3; got version 9',
    ],
    [
      'broken checksums',
      { metadata: (m) => ({ ...m, checksums: '{"a":1}' }) },
      'expected checksums as JSON; got "{"a":1}"',
    ],
  ])('is refused: %s', async (_, rewrite, message) => {
    await expect(loadModel(write(rewriteSafetensors(saved, rewrite)))).rejects.toThrow(message);
  });

  it('without its moments is a file of weights', async () => {
    const bytes = rewriteSafetensors(saved, { keep: (name) => !name.startsWith('optimizer.') });
    expect((await load(bytes)).weights).toEqual(weights);
    await expect(loadCheckpoint(write(bytes), trainerOf())).rejects.toThrow('got weights alone');
  });
});

describe('a checkpoint of version 1', () => {
  it('loads, and says what its checksum cannot tell', async () => {
    expect(await load(asVersion1(saved))).toEqual({ weights, notes: [] });
    const bytes = asVersion1(saved);
    bytes[bytes.length - 1] ^= 1;
    await expect(loadModel(write(bytes))).rejects.toThrow(
      'the file is damaged, or another program wrote its tensors in another order',
    );
    await expect(loadModel(write(rewriteSafetensors(asVersion1(saved))))).rejects.toThrow(
      'then remove sha256 from its metadata',
    );
    const without = rewriteSafetensors(asVersion1(saved), { metadata: ({ sha256: _, ...rest }) => rest });
    expect((await load(without)).notes).toEqual([expect.stringContaining('it has no checksum')]);
  });
});

it('a checkpoint of version 2, without a hash of its texts, loads; one of version 3 without it does not', async () => {
  const without = (version: string): Buffer =>
    rewriteSafetensors(saved, { metadata: ({ textsHash: _, ...rest }) => ({ ...rest, version }) });
  expect(await load(without('2'))).toEqual({ weights, notes: [] });
  await expect(load(without('3'))).rejects.toThrow(
    'expected version, state and extra of the metadata as they were saved; got other text; the file is damaged there',
  );
});

describe('loadWeights', () => {
  const fresh = (config = tinyConfigs.hstu) => createModel(config, { numItems: 20, seed: 9 });

  it('takes weights without any metadata, with a note, and the buffers of the reference aside', async () => {
    const source = join(folder, 'with-buffers.safetensors');
    await exportWeights(write(saved), source, { referenceBuffers: true });
    const model = fresh();
    const notes: string[] = [];
    const bytes = rewriteSafetensors(readFileSync(source), { metadata: () => undefined });
    await loadWeights(write(bytes), model, { onNote: (note) => notes.push(note) });
    expect(await readParameters(model)).toEqual(weights);
    expect(notes).toEqual([expect.stringMatching(/: it has no checksum/)]);
  });

  it('lists what is missing, unexpected and misshapen, with shapes, and changes nothing', async () => {
    const bytes = rewriteSafetensors(saved, {
      metadata: () => undefined,
      keep: (name) => !name.endsWith('1._uvqk'),
      shape: (name, s) => (name === TABLE ? [...s].reverse() : s),
    });
    const renamed = Buffer.from(bytes.toString('latin1').replaceAll('1._o.bias', '1._o.baas'), 'latin1');
    const model = fresh();
    const before = await readParameters(model);
    const error = await loadWeights(write(renamed), model).catch((e: Error) => e.message);
    expect(error).toContain(`'${TABLE}' is [8, 21], expected [21, 8]`);
    expect(error).toContain("missing '_hstu._attention_layers.1._uvqk' [8, 32]");
    expect(error).toContain("unexpected '_hstu._attention_layers.1._o.baas' [8]");
    expect(await readParameters(model)).toEqual(before);
  });

  it('refuses numbers that are not finite as float32', async () => {
    const model = fresh();
    const own = trainerOf();
    own.model.itemTable().assign(tf.mul(own.model.itemTable(), 1e30));
    const file = join(folder, 'large.safetensors');
    await saveCheckpoint(file, own);
    const bytes = rewriteSafetensors(readFileSync(file), { dtype: () => 'F16', metadata: () => undefined });
    await expect(loadWeights(write(bytes), model)).rejects.toThrow(
      /expected finite weights; got -?Infinity in '.*_item_emb/,
    );
  });

  it('refuses them wherever weights are read, so that no copy has a checksum of them', async () => {
    const own = trainerOf();
    own.model.itemTable().assign(tf.mul(own.model.itemTable(), 1e30));
    const large = join(folder, 'large.safetensors');
    await saveCheckpoint(large, own);
    const bytes = rewriteSafetensors(readFileSync(large), { dtype: (name) => (name === TABLE ? 'F16' : 'F32') });
    const file = write(bytes);
    const quiet = { onNote: () => undefined };
    const copy = join(folder, 'copy.safetensors');
    for (const read of [
      () => loadModel(file, quiet),
      () => modelFromBytes(Uint8Array.from(bytes), 'bytes', quiet),
      () => loadTables(file, fresh(), { tables: { [TABLE]: TABLE }, ...quiet }),
      () => readSnapshot(file, quiet),
      () => exportWeights(file, copy),
    ]) {
      await expect(read()).rejects.toThrow(/expected finite weights; got -?Infinity in '.*_item_emb/);
    }
    expect(existsSync(copy)).toBe(false);
  });

  it('notes that the file was of other settings, though every shape fits', async () => {
    const notes: string[] = [];
    await loadWeights(write(saved), fresh({ ...tinyConfigs.hstu, inputDropout: 0.5 } as typeof tinyConfigs.hstu), {
      onNote: (note) => notes.push(note),
    });
    expect(notes).toEqual([
      expect.stringMatching(/its model had other settings: model.inputDropout: saved .*, here 0.5/),
    ]);
  });
});
