import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runMain } from '../../testing/run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-deltas-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, `${name}.safetensors`);

/** The same training after one, two and three epochs. */
beforeAll(async () => {
  for (const epochs of [1, 2, 3]) {
    const out = join(folder, `runs-${epochs}`);
    const trained = await runMain('train', ...tinyRecipe, `--epochs=${epochs}`, '--out', out, '--quiet');
    expect(trained.errors).not.toContain('error');
    const to = ['--to', at(`w${epochs}`), '--checkpoint', 'last', '--out', out];
    expect((await runMain('export', 'latest', ...to)).code).toBe(0);
  }
}, 120_000);

const digestOf = async (file: string): Promise<string> =>
  (await runMain('export', file, '--digest')).output.slice(0, 64);

it('a base and its deltas are the full load byte for byte, from the command line', async () => {
  const make = ['delta', 'make', '--from', at('w1')];
  const first = await runMain(...make, '--to', at('w2'), '--rows', 'top:0.1', '--int8', '--out', at('d1'));
  expect(first).toMatchObject({ code: 0, errors: '' });
  expect(first.output).toMatch(
    /d1\.safetensors: delta 1 on [0-9a-f]{12}, steps \d+ to \d+; \d+ dense weights \([\d,]+ numbers\), 30 of 301 rows of /,
  );
  const second = await runMain(...make, '--from', at('d1'), '--to', at('w3'), '--out', at('d2'));
  expect(second.output).toMatch(/d2\.safetensors: delta 2 on [0-9a-f]{12}, .* of 301 rows of .* % of all weights$/);
  const applied = await runMain('delta', 'apply', at('w1'), at('d1'), at('d2'), '--out', at('now'));
  expect(applied).toMatchObject({ code: 0, errors: '' });
  expect(applied.output).toMatch(/now\.safetensors: 2 deltas on [0-9a-f]{12}, step \d+; digest [0-9a-f]{64}$/);
  expect(applied.output.slice(-64)).toBe(await digestOf(at('w3')));
  expect(await digestOf(at('now'))).toBe(await digestOf(at('w3')));
});

it('a delta between weights of other data is made and applied, with a note', async () => {
  const out = join(folder, 'runs-other');
  await runMain('train', ...tinyRecipe, '--data.seed=9', '--epochs=1', '--out', out, '--quiet');
  await runMain('export', 'latest', '--to', at('other'), '--out', out);
  const note =
    /^note: .*\.safetensors: it was trained on other data \(digest \w{12}, here \w{12}\): its users and items/;
  const made = await runMain('delta', 'make', '--from', at('w1'), '--to', at('other'), '--out', at('far'));
  expect(made).toMatchObject({ code: 0, errors: expect.stringMatching(note) });
  const applied = await runMain('delta', 'apply', at('w1'), at('far'), '--out', at('afar'));
  expect(applied).toMatchObject({ code: 0, errors: expect.stringMatching(note) });
});

it('a delta that is not the next one is refused, and nothing is written', async () => {
  const { code, errors } = await runMain('delta', 'apply', at('w1'), at('d2'), '--out', at('never'));
  expect(code).toBe(1);
  expect(errors).toContain('d2.safetensors: expected delta 1 of the chain; got delta 2; delta 1 is missing');
  const other = await runMain('delta', 'apply', at('w2'), at('d1'), '--out', at('never'));
  expect(other.errors).toContain('expected a delta on the base');
  const weights = await runMain('delta', 'apply', at('w1'), at('w2'), '--out', at('never'));
  expect(weights.errors).toContain('expected the metadata of a seqrec-delta; got "seqrec-checkpoint"');
  expect(existsSync(at('never'))).toBe(false);
});
