import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runMain } from '../../testing/run-main.ts';

const out = mkdtempSync(join(tmpdir(), 'seqrec-table-rules-'));
afterAll(() => rmSync(out, { recursive: true }));

it.each([
  ['dense AdamW', []],
  ['dense Adagrad', ['--optimizer.kind', 'adagrad']],
  ['row-wise AdamW on the rows of a step', ['--optimizer.embeddings', 'rowwise', '--optimizer.kind', 'muon']],
  [
    'row-wise Adagrad on the rows of a step',
    ['--optimizer.embeddings', 'rowwise', '--optimizer.tables.kind', 'adagrad'],
  ],
])('a run says that its tables are trained by %s', async (rule, settings) => {
  let notes = '';
  const written = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    notes += String(text);
    return true;
  });
  const { code, errors } = await runMain('train', ...tinyRecipe, '--epochs', '1', '--out', out, ...settings);
  written.mockRestore();
  expect(code, errors).toBe(0);
  expect(notes).toMatch(new RegExp(`table \\S+ [\\d,]+ x \\d+: ${rule}\\n`));
});
