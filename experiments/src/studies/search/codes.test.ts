// Settings of a model of semantic ids are searched as those of any other; operations are counted for codes of a file.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeFiles } from '../../testing/plugin-files.ts';
import { runCli } from '../../testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-search-codes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const walks = Array.from({ length: 40 }, (_, user) =>
  Array.from({ length: 8 }, (_, day) => `u${user},i${(user * 7 + day) % 20},${1.7e9 + 86400 * day}`),
).flat();
writeFiles(folder, {
  'walks.csv': `user,item,time\n${walks.join('\n')}\n`,
  'codes.yaml': `extends: amazon-beauty/sid-decoder
data: { format: csv, path: walks.csv, columns: { user: user, item: item, time: time }, split: leave-last-out }
model: { embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 1, ffnDim: 8 }
task:
  kind: generation
  ids: { vectors: [{ kind: behaviour, width: 4 }], tokenizer: { kind: residual-k-means, levels: 2, codes: 4 } }
  beams: all
training: { epochs: 2 }
evaluation: { ks: [5], selectBy: NDCG@5 }
`,
  'space.yaml': 'optimizer.learningRate: [0.001, 0.01]\n',
});
const search = (file: string, ...more: string[]) =>
  runCli(['search', '--config', file, '--space', 'space.yaml', '--trials', '2', '--backend', 'cpu', ...more], folder);

it('a model of codes', async () => {
  const { code, stdout } = await search('codes.yaml', '--out', 'found', '--retrain', '1');
  expect(code).toBe(0);
  expect(stdout.match(/\| [12] +\| 0\.0+1 +\| [.\d]+ \|/g)).toHaveLength(2);
  expect(stdout).toMatch(/## The winner on the test set[\s\S]*\| 1 +\| [.\d]+ \| [.\d]+ +\| [.\d]+ +\|/);
  expect(readFileSync(join(folder, 'found/winner.yaml'), 'utf8')).toContain('kind: generation');
  const { stderr } = await search('codes.yaml', '--out', 'counted', '--budget', '1e12');
  expect(stderr).toContain(
    'since the operations of transformer under full-softmax over codes that are fitted later are not counted',
  );
  const of = ['--data.columns.time', 'time', '--ids.vectors', '[{"kind":"behaviour","width":4}]'];
  const small = ['--ids.tokenizer.levels', '2', '--ids.tokenizer.codes', '4'];
  expect((await runCli(['ids', 'fit', 'walks.csv', ...of, ...small, '--to', 'w.ids'], folder)).code).toBe(0);
  writeFiles(folder, {
    'filed.yaml': readFileSync(join(folder, 'codes.yaml'), 'utf8').replace(/ {2}ids: .*\n/, '  idsFile: w.ids\n'),
  });
  const counted = await search('filed.yaml', '--out', 'filed', '--budget', '1e8');
  expect(counted.stderr).not.toContain('error:');
  expect(counted.stdout).toMatch(/Spent: [\d.e+]+ FLOP/);
});

it('says that beams cut MRR, where trials and the winner are shown', async () => {
  const beams = ['--task.beams', '6', '--evaluation.selectBy', 'MRR', '--retrain', '1'];
  const { code, stdout } = await search('codes.yaml', '--out', 'beams', ...beams);
  expect(code).toBe(0);
  expect(stdout.match(/MRR: targets that 6 beams do not find count 0 in MRR/g)).toHaveLength(2);
});

it('goes on where a baseline has other settings now', async () => {
  const file = join(folder, 'found/trials.json');
  const { request, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  const { tuneBaselines: _, ...evaluation } = request.config.evaluation;
  const older = { ...rest, request: { ...request, config: { ...request.config, evaluation } } };
  writeFiles(folder, { 'found/trials.json': JSON.stringify(older) });
  const again = await search('codes.yaml', '--out', 'found');
  expect([again.code, again.stderr.includes('error:')]).toEqual([0, false]);
  const other = await search('codes.yaml', '--out', 'found', '--evaluation.excludeSeen', 'false');
  expect(other.stderr).toContain(
    'request.config.evaluation.excludeSeen: expected true as in the search of this folder',
  );
});
