import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '@seqrec/models';
import { beforeAll, expect, test, vi } from 'vitest';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runMain } from '../../testing/run-main.ts';
import { openRunDir, type RunDir } from '../folder/run-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-weights-'));
const out = join(folder, 'runs');
const exported = join(folder, 'weights.safetensors');
const common = ['--quiet', '--out', out];
const train = (...argv: string[]) =>
  runMain('train', ...tinyRecipe, ...common, '--epochs', '1', '--evaluation.baselines', '[]', ...argv);
let run: RunDir;

beforeAll(async () => {
  const trained = await train();
  expect(trained.code, trained.errors).toBe(0);
  run = openRunDir(out, 'latest');
  const written = await runMain('export', run.path, '--to', exported, '--checkpoint', 'last');
  expect(written.code, written.errors).toBe(0);
});

async function figures(...argv: string[]): Promise<unknown> {
  const lines: string[] = [];
  const write = vi.spyOn(console, 'log');
  const { main } = await import('../../main.ts');
  write.mockImplementation((line) => void lines.push(line));
  const code = await main(['evaluate', ...argv, ...common, '--json']);
  write.mockRestore();
  expect(code).toBe(0);
  return JSON.parse(lines.join('\n')).metrics;
}

test('an exported file gives the figures of its run, by the recipe and by the run', async () => {
  const expected = await figures(run.path, '--checkpoint', 'last');
  expect(await figures(...tinyRecipe, '--from', exported)).toEqual(expected);
  expect(await figures(run.path, '--from', exported)).toEqual(expected);
});

test('holds weights alone, and the buffer of the reference unless told not to', async () => {
  const names = (file: string) => {
    const bytes = readFileSync(file);
    return Object.keys(JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0)))));
  };
  const weights = Object.keys((await readCheckpoint(run.last)).parameters);
  expect(names(exported)).toEqual(['__metadata__', ...weights, '_attn_mask']);
  const plain = join(folder, 'plain.safetensors');
  await runMain('export', run.path, '--to', plain, '--no-buffers');
  expect(names(plain)).toEqual(['__metadata__', ...weights]);
});

test('prints one digest of all weights, of a run and of a file, and writes nothing', async () => {
  const digest = async (...argv: string[]) => {
    const write = vi.spyOn(console, 'log').mockImplementation(() => {});
    const code = await (await import('../../main.ts')).main(['export', ...argv, '--digest']);
    const lines = write.mock.calls.map(([line]) => String(line));
    write.mockRestore();
    expect(code).toBe(0);
    return lines;
  };
  const other = join(folder, 'weights.bin');
  copyFileSync(exported, other);
  const before = readdirSync(folder);
  const [ofRun] = await digest(run.path, '--checkpoint', 'last');
  const [hex, rest] = ofRun.split('  ');
  expect(hex).toMatch(/^[0-9a-f]{64}$/);
  expect(rest).toMatch(new RegExp(`^${run.last}: \\d+ weights, \\d+ numbers$`));
  for (const file of [exported, other]) expect(await digest(file)).toEqual([ofRun.replace(run.last, file)]);
  expect(readdirSync(folder)).toEqual(before);
  const again = join(folder, 'again.safetensors');
  const [written, ofFile] = await digest(run.path, '--checkpoint', 'last', '--to', again);
  const count = ofFile.slice(ofFile.indexOf(`${again}: `));
  expect(written).toBe(`${count}; beside them _attn_mask of the reference (--no-buffers leaves it out)`);
  expect(ofFile).toBe(ofRun.replace(run.last, again));
  const { code, errors } = await runMain('export', run.path.replace(/.$/, '#'), '--digest');
  expect([code, errors]).toEqual([1, expect.stringContaining('expected a run folder or the id of a run')]);
});

test('a training starts from it and the run says so; once begun it does not need the file', async () => {
  const source = join(folder, 'gone.safetensors');
  writeFileSync(source, readFileSync(exported));
  const started = await train('--from', source, '--optimizer.learningRate', '1e-30', '--checkpoint-every-steps', '1');
  expect(started.code, started.errors).toBe(0);
  const begun = openRunDir(out, 'latest');
  const { parameters } = await readCheckpoint(begun.last);
  expect(parameters).toEqual((await readCheckpoint(run.last)).parameters);
  const data = JSON.parse(readFileSync(begun.data, 'utf8'));
  expect(data.initialWeights).toEqual({ path: source, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(JSON.parse(readFileSync(begun.config, 'utf8')).config.initialWeights).toEqual({ path: source });
  rmSync(source);
  const resumed = await runMain('train', '--resume', begun.path, '--epochs', '2', '--quiet');
  expect(resumed.code, resumed.errors).toBe(0);
  expect(JSON.parse(readFileSync(begun.data, 'utf8')).initialWeights).toEqual(data.initialWeights);
});

test.each([
  [
    ['--from', exported, '--model.embeddingDim', '16'],
    /'_embedding_module\._item_emb\.weight' is \[\d+, 32\], expected \[\d+, 16\]/,
    1,
  ],
  [
    ['--from', join(folder, 'none.safetensors')],
    /--from: expected a safetensors file .* that can be read; got .*none/,
    2,
  ],
  [
    ['--from', exported, '--itemVectors.path', 'x.csv'],
    /initialWeights\.path: expected it or itemVectors\.path, not both/,
    2,
  ],
])('before a run folder is made: %j', async (argv, message, expected) => {
  const before = readdirSync(out);
  const { code, errors } = await train(...argv);
  expect(errors).toMatch(message);
  expect(errors).not.toContain('    at ');
  expect(code).toBe(expected);
  expect(readdirSync(out)).toEqual(before);
});

test.each([
  [[exported, '--to', join(folder, 'runs')], 'it is a folder, name a file in it'],
  [[exported, '--to', '/dev/null/x.safetensors'], '/dev/null is not a folder'],
])('export refuses a place that cannot be written: %#', async ([, ...argv], message) => {
  const { code, errors } = await runMain('export', run.path, ...argv);
  expect(errors).toContain(message);
  expect(code).toBe(2);
});

test('neither weights nor vectors replace a checkpoint or a file of another kind', async () => {
  const before = readFileSync(run.best);
  const notes = join(folder, 'notes.md');
  writeFileSync(notes, 'mine');
  const same = 'expected --to, another file than the one that is read; got the same';
  const kept = 'a run keeps its own there, name another place';
  const refused = async (command: string, to: string, message: string, ...argv: string[]) => {
    const { code, errors } = await runMain(command, run.path, '--to', to, ...argv);
    expect([code, errors]).toEqual([2, expect.stringContaining(message)]);
  };
  await refused('export', run.best, same, '--checkpoint', 'best');
  // Unasked it is the last, which these data without a validation set are tested by.
  await refused('export', run.last, same);
  await refused('export', run.best, kept);
  await refused('export', join(run.path, 'checkpoints', 'new.safetensors'), kept);
  await refused('vectors', run.best, kept);
  await refused('vectors', run.last, kept, '--of', 'users');
  await refused('vectors', notes, 'only files that end in .csv are replaced');
  await refused('vectors', notes, 'only files that end in .safetensors are replaced', '--of', 'users');
  expect(readFileSync(run.best).equals(before)).toBe(true);
  expect(readFileSync(notes, 'utf8')).toBe('mine');
});
