import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DataSummary } from '../data/data-summary.ts';
import { writeJson } from '../run/folder/atomic.ts';
import { describeEnvironment } from '../run/folder/environment.ts';
import { MetricsLog } from '../run/folder/metrics-log.ts';
import type { RunResults } from '../run/folder/results.ts';
import { createRunDir, type RunDir } from '../run/folder/run-dir.ts';
import { runningMean, thin } from './charts.ts';
import { renderComparison } from './comparison.ts';
import { html } from './html.ts';
import { spread } from './plots/labels.ts';
import { writeReport } from './report.ts';

const time = '2025-01-01T00:00:00.000Z';
const data: DataSummary = {
  name: 'tiny',
  digest: 'abc123',
  split: 'leave-last-out',
  examples: { train: 4, validation: 4, test: 4 },
  statistics: { users: 4, density: '50 %' },
  lengths: [
    { label: '1', count: 1 },
    { label: '2-3', count: 3 },
  ],
  steps: ['Read 12 rows.'],
  leakage: ['ok: nothing.'],
};
const results: RunResults = {
  status: 'finished',
  definitions: ['Candidates: all 9 items.'],
  baselines: [{ name: 'popularity', split: 'validation', metrics: { 'HR@10': 0.1, 'NDCG@10': 0.05, MRR: 0.04 } }],
  final: {
    name: 'tiny/hstu',
    split: 'test',
    metrics: { 'HR@10': 0.4321, 'NDCG@10': 0.2, MRR: 0.1 },
    checkpoint: 'best',
    epoch: 2,
  },
  samples: [
    {
      user: 'u<7>',
      history: [{ item: '3', title: 'Alien & Aliens', time }],
      recommendations: [{ item: '5', title: 'Brazil', score: 0.5 }],
      target: { item: '5', title: 'Brazil', rank: 1 },
    },
  ],
};

type Metrics = Readonly<Record<string, number>>;
const retrieval = (epoch: number): Metrics => ({ 'HR@10': 0.2 * epoch, 'NDCG@10': 0.1 * epoch, MRR: 0.05 * epoch });

/** @param kind the rest of the records of epochs: with `rowsPerSecond` they are those of rows. */
function fakeRun(
  epochs: number,
  metricsOf = retrieval,
  { kind = {}, evaluation = {} }: { readonly kind?: object; readonly evaluation?: object } = {},
): RunDir {
  const run = createRunDir(mkdtempSync(join(tmpdir(), 'seqrec-report-')), 'tiny/hstu', {}, new Date(time));
  writeJson(run.environment, describeEnvironment({ name: 'cpu' }));
  writeJson(run.config, { recipe: 'tiny/hstu', config: { seed: 7, model: { kind: 'hstu' }, evaluation } });
  const log = new MetricsLog(run.metrics);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let step = 1; step <= 3; step++)
      log.append({
        type: 'step',
        step: (epoch - 1) * 3 + step,
        epoch,
        loss: 5 / epoch,
        tokens: 9,
        tokensPerSecond: 9,
        time,
      });
    log.append({
      type: 'epoch',
      step: epoch * 3,
      epoch,
      meanLoss: 5 / epoch,
      seconds: 1,
      tokensPerSecond: 9,
      split: 'validation',
      metrics: metricsOf(epoch),
      ...kind,
      evaluationSeconds: 1,
      time,
    });
  }
  log.close();
  return run;
}

test('a report holds everything and asks the network for nothing', () => {
  const run = fakeRun(2);
  writeJson(run.data, data);
  writeJson(run.results, results);
  const page = readFileSync(writeReport(run), 'utf8');
  for (const text of [
    '0.4321',
    'popularity',
    'abc123',
    'Candidates: all 9 items.',
    'Brazil',
    'Alien &amp; Aliens',
    'u&lt;7&gt;',
    'Finished: 2 epochs',
    '&quot;seed&quot;: 7',
    'Read 12 rows.',
  ])
    expect(page).toContain(text);
  // Each for wide and for narrow windows.
  expect(page.match(/<svg/g)).toHaveLength(8);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/<script|@import|url\(/);
});

test('the model stands beside its baselines on the set that chose the checkpoint, and with its interval on the other', () => {
  const run = fakeRun(2);
  const final = { ...results.final!, intervals: { 'HR@10': [0.41, 0.4567] as const } };
  const parameters = { total: 123_456, encoder: 23_456 };
  writeJson(run.results, { ...results, final, parameters });
  const command = ['train', 'ml-100k/hstu', '--data.path', 'my events.csv'];
  writeJson(run.environment, { ...describeEnvironment({ name: 'cpu' }), command });
  const page = readFileSync(writeReport(run), 'utf8');
  const rows = Array.from(
    page.matchAll(/<tr class="(?:ours)?"><td>([^<]*)<\/td><td>([^<]*)<\/td><td[^>]*>([^<]*)/g),
    (match) => match.slice(1),
  );
  expect(rows).toEqual([
    ['popularity', 'validation', '0.1000'],
    ['tiny/hstu', 'validation', '0.4000'],
    ['tiny/hstu', 'test', '0.4321'],
  ]);
  expect(page).toContain('<span class="soft interval">.4100–.4567</span>');
  expect(page).toContain('123,456 parameters, 23,456 of them outside the item and position tables');
  expect(page).toContain(
    '<pre class="command">seqrec train ml-100k/hstu --data.path &#39;my events.csv&#39;</pre>'.replaceAll('&#39;', "'"),
  );
});

test('rows have the best of the baselines beside them, by name, and a figure of NDCG', () => {
  const ofRows = (y: number): Metrics => ({ 'NDCG@10': y, AUC: y, logloss: 1 - y });
  const run = fakeRun(2, (epoch) => ofRows(0.6 + 0.05 * epoch), { kind: { rowsPerSecond: 9 } });
  const baselines = ['low', 'top', 'last'].map((name, i) => ({
    ...{ name, split: 'validation', metrics: ofRows([0.5, 0.62, 0.55][i]) },
  }));
  writeJson(run.results, { ...results, baselines });
  const page = readFileSync(writeReport(run), 'utf8');
  for (const metric of ['NDCG@10', 'AUC', 'logloss'])
    expect(page).toContain(`${metric} on the validation set. Dashed: ${metric} of top, the best of the baselines.`);
  expect(page).toContain('training loss');
  expect(page).not.toContain('nats');
});

test('metrics that the first evaluation does not have, or the last, are shown of the others', () => {
  const metricsOf = (epoch: number): Metrics =>
    [{}, { AUC: 0.61 }, { AUC: 0.62, logloss: 0.51 }, { AUC: 0.63 }][epoch - 1];
  const page = readFileSync(writeReport(fakeRun(4, metricsOf, { kind: { rowsPerSecond: 9 } })), 'utf8');
  const table = page.slice(page.indexOf('Every evaluated epoch (3)'));
  expect(Array.from(table.matchAll(/<th class="number">([^<]+)/g), ([, title]) => title)).toEqual([
    ...['epoch', 'loss', 'AUC', 'logloss', 'rows/s'],
  ]);
  expect(table).toMatch(/0.6100<\/td><td class="number">-<\/td>/);
  expect(page).toContain('logloss on the validation set.');
  expect(page).not.toContain('NaN');
});

test('the metric that chooses the checkpoint has a line, whatever its cut-off', () => {
  const metricsOf = (epoch: number): Metrics =>
    Object.fromEntries(['HR@5', 'NDCG@5', 'HR@20', 'NDCG@20', 'MRR'].map((name, i) => [name, (0.1 + i / 50) * epoch]));
  const pageOf = (evaluation: object) => readFileSync(writeReport(fakeRun(2, metricsOf, { evaluation })), 'utf8');
  expect(pageOf({ selectBy: 'NDCG@20' })).toContain('NDCG@20, MRR on the validation set.');
  expect(pageOf({ selectBy: 'HR@5' })).toContain('NDCG@5, MRR on the validation set.');
});

test('a metric of a plug-in that chooses the checkpoint has a figure of its own', () => {
  const metricsOf = (epoch: number): Metrics => ({
    'HR@10': 0.1 * epoch,
    MRR: 0.05 * epoch,
    'surprise@10': 0.3 * epoch,
  });
  const pageOf = (evaluation: object) => readFileSync(writeReport(fakeRun(2, metricsOf, { evaluation })), 'utf8');
  expect(pageOf({ selectBy: 'surprise@10' })).toContain('surprise@10 on the validation set.');
  expect(pageOf({ selectBy: 'MRR' })).not.toContain('surprise@10 on the validation set.');
  const byLabel = (epoch: number): Metrics => ({ AUC: 0.6, 'AUC|like': 0.1 * epoch });
  const rows = fakeRun(2, byLabel, { kind: { rowsPerSecond: 9 }, evaluation: { selectBy: 'AUC|like' } });
  expect(readFileSync(writeReport(rows), 'utf8')).toContain('AUC|like on the validation set.');
});

test('a run stopped before its first epoch has a report too', () => {
  const run = fakeRun(0);
  expect(readFileSync(writeReport(run), 'utf8')).toContain('No step has been logged yet');
  writeJson(run.results, {
    ...results,
    status: 'interrupted',
    resumeCommand: 'seqrec train --resume x',
    final: undefined,
    baselines: [],
  });
  expect(readFileSync(writeReport(run), 'utf8')).toContain('<code>seqrec train --resume x</code>');
});

test('a comparison sets the runs side by side and links their reports', () => {
  const run = fakeRun(1);
  const page = renderComparison('Two', [{ name: 'tiny/hstu', run, results }]);
  expect(page).toContain(`href="${run.id}/report.html"`);
  expect(page).toContain('0.4321');
});

test('text is escaped, markup is kept', () => {
  expect(html`<b>${'<i>'}${html`<u>${'"'}</u>`}${[html`x`, 1]}</b>`.source).toBe('<b>&lt;i&gt;<u>&quot;</u>x1</b>');
});

test('helpers of the charts', () => {
  expect(
    runningMean(
      [
        { x: 1, y: 0 },
        { x: 2, y: 3 },
        { x: 3, y: 6 },
      ],
      1,
    ).map((point) => point.y),
  ).toEqual([1.5, 3, 4.5]);
  expect(
    thin(
      Array.from({ length: 10 }, (_, i) => i),
      4,
    ),
  ).toEqual([0, 3, 6, 9]);
  const places = spread([{ y: 0.2 }, { y: 0.21 }, { y: 0.9 }], 0.1).map((label) => label.y);
  expect(places[1] - places[0]).toBeGreaterThan(0.0999);
  expect(places[2]).toBe(0.9);
});
