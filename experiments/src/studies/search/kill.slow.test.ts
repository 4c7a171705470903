import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resolveConfig } from '../../config/load-recipe.ts';
import { listRuns } from '../../run/folder/run-dir.ts';
import { runCli, startCli } from '../../testing/run-cli.ts';
import type { SearchResult } from './result.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-search-kill-'));

/** 80 users with nine events each of 40 items, by a rule that a model can learn a little of. */
const lines = Array.from({ length: 80 * 9 }, (_, i) => {
  const [user, at] = [Math.floor(i / 9), i % 9];
  return `${user},${(user * 7 + at * (1 + (user % 3))) % 40},${1000 + i}`;
});
writeFileSync(join(folder, 'events.csv'), `user,item,time\n${lines.join('\n')}\n`);
writeFileSync(
  join(folder, 'space.yaml'),
  `# The last one is beyond all numbers after a step: such a trial fails, and the others go on.
optimizer.learningRate: [0.003, 0.01, 0.03, 1e30]
model.inputDropout, model.ffnDropout: uniform 0 0.5
model:
  numBlocks: [1, 2]
width:
  - { model.embeddingDim: 8, model.ffnDim: 8 }
  - { model.embeddingDim: 16, model.ffnDim: 16 }
  # No model has this: it is refused.
  - { model.embeddingDim: 1000000, model.ffnDim: 1000000 }
`,
);
const command = [
  ...['search', 'csv/sasrec', '--data.path=events.csv', '--data.columns.user=user', '--data.columns.item=item'],
  ...[
    '--data.columns.time=time',
    '--data.kCore=1',
    '--space',
    'space.yaml',
    '--trials=12',
    '--eta=2',
    '--threads=1',
    '--quiet',
  ],
  ...[
    '--model.maxSequenceLength=10',
    '--training.epochs=9',
    '--training.batchSize=16',
    '--objective.numNegatives=8',
    '--evaluation.ks=10',
  ],
];

function files(out: string): { readonly table: string; readonly result: SearchResult; readonly yaml: string } {
  const read = (name: string): string => readFileSync(join(folder, out, name), 'utf8');
  return {
    table: read('trials.md').replaceAll(out, 'OUT'),
    result: JSON.parse(read('trials.json')) as SearchResult,
    yaml: read('winner.yaml'),
  };
}

function segments(out: string): number {
  const file = join(folder, out, 'trials.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SearchResult).journal.length : 0;
}

it('a search killed again and again ends with the table of one left alone', async () => {
  const first = await runCli([...command, '--out=first'], folder);
  expect(first.stderr).toBe('');
  expect(first.code).toBe(0);
  // Half of what it takes without a budget.
  const budget = `--budget=${Math.round(files('first').result.spent / 2)}`;
  const whole = await runCli([...command, budget, '--out=whole'], folder);
  expect(whole.code).toBe(0);

  for (const [more, later] of [
    [1, 0],
    [3, 90],
    [2, 31],
    [1, 60],
  ]) {
    const goal = segments('killed') + more;
    const { child, ended } = startCli([...command, budget, '--out=killed'], folder);
    while (child.exitCode === null && segments('killed') < goal) await new Promise((wake) => setTimeout(wake, 5));
    await new Promise((wake) => setTimeout(wake, later));
    child.kill('SIGKILL');
    await ended;
  }
  const total = files('whole').result.journal.length;
  expect(segments('killed')).toBeGreaterThanOrEqual(7);
  expect(segments('killed')).toBeLessThan(total);
  const resumed = await runCli([...command, budget, '--out=killed'], folder);
  expect(resumed.stderr).toBe('');
  expect(resumed.code).toBe(0);
  const [a, b] = [files('whole'), files('killed')];
  expect(b.table).toBe(a.table);
  expect(b.yaml).toBe(a.yaml);
  expect(a.table).toMatch(/ failed: train: expected a finite loss; got NaN at step 1/);
  expect(a.table).toMatch(/ refused: --model.embeddingDim: expected a number of at most/);
  const untimed = ({ trials }: SearchResult) => trials.map((row) => ({ ...row, seconds: 0 }));
  expect(untimed(b.result)).toEqual(untimed(a.result));
  expect(a.result.spent).toBeLessThanOrEqual(a.result.request.budget?.most ?? 0);

  // Nothing of a trial is of the test set.
  for (const id of listRuns(join(folder, 'killed', 'trials'))) {
    const run = join(folder, 'killed', 'trials', id);
    expect(existsSync(join(run, 'test-ranks.safetensors'))).toBe(false);
    expect(JSON.parse(readFileSync(join(run, 'results.json'), 'utf8'))).toMatchObject({ baselines: [], samples: [] });
    expect(readFileSync(join(run, 'metrics.jsonl'), 'utf8')).not.toContain('"split":"test"');
  }

  const fewer = command.map((word) => word.replace('--trials=12', '--trials=11'));
  const other = await runCli([...fewer, budget, '--out=killed'], folder);
  expect(other.code).toBe(1);
  expect(other.stderr).toContain('request.trials: expected 12 as in the search of this folder; got 11');
});

it('the winner is a configuration, and retraining it over seeds tests it', async () => {
  const { result, yaml } = files('whole');
  const { config } = await resolveConfig({ file: join(folder, 'whole', 'winner.yaml'), overrides: [] });
  const { settings } = result.trials[(result.winner as number) - 1];
  expect(config.optimizer.learningRate).toBe(Number(settings['optimizer.learningRate']));
  expect(config.model).toMatchObject({ embeddingDim: Number(settings['model.embeddingDim']) });
  expect(config.training.epochs).toBe(9);
  expect(yaml).toContain(`# Trial ${result.winner} of 12 of a search from csv/sasrec:`);

  const again = await runCli([...command, '--out=first', '--retrain=4,5'], folder);
  expect(again.stderr).toBe('');
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('## The winner on the test set');
  const runs = JSON.parse(readFileSync(join(folder, 'first', 'retrained.json'), 'utf8'));
  expect(runs).toMatchObject([{ seed: 4 }, { seed: 5 }]);
  expect(files('first').table).not.toContain('test set\n');
});
