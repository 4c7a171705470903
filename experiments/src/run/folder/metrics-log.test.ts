import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunError } from '../../errors.ts';
import { type EpochRecord, MetricsLog, readMetrics, type StepRecord, truncateMetrics } from './metrics-log.ts';

const time = '2025-01-01T00:00:00.000Z';
const stepRecord = (step: number, epoch: number): StepRecord => ({
  type: 'step',
  step,
  epoch,
  loss: 1 / step,
  tokens: 10,
  tokensPerSecond: 5,
  time,
});
const epochRecord = (step: number, epoch: number): EpochRecord => ({
  type: 'epoch',
  step,
  epoch,
  meanLoss: 1,
  seconds: 1,
  tokensPerSecond: 1,
  split: 'validation',
  metrics: { 'HR@10': 0.5 },
  evaluationSeconds: 1,
  time,
});

function writeLog(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'seqrec-metrics-')), 'metrics.jsonl');
  const log = new MetricsLog(file);
  for (let step = 1; step <= 5; step++) {
    log.append(stepRecord(step, Math.ceil(step / 2)));
    if (step % 2 === 0) log.append(epochRecord(step, step / 2));
  }
  log.close();
  return file;
}

test('one JSON object a line', () => {
  const lines = readFileSync(writeLog(), 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(7);
  expect(JSON.parse(lines[0])).toEqual(stepRecord(1, 1));
});

test('resuming cuts back to the checkpoint and forgets a torn line', () => {
  const file = writeLog();
  appendFileSync(file, '{"type":"step","step":6,"lo');
  expect(readMetrics(file)).toHaveLength(7);
  truncateMetrics(file, { step: 4, epochs: 1 });
  expect(readMetrics(file).map((record) => `${record.type} ${record.step}`)).toEqual([
    'step 1',
    'step 2',
    'epoch 2',
    'step 3',
    'step 4',
  ]);
  const log = new MetricsLog(file);
  log.append(epochRecord(4, 2));
  log.close();
  expect(readMetrics(file).at(-1)).toEqual(epochRecord(4, 2));
});

test('a missing file has no records', () => {
  expect(readMetrics('/nonexistent/metrics.jsonl')).toEqual([]);
});

test('a damaged line before the last is an error with file and line', () => {
  const file = writeLog();
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const damage of ['{"type":"step","step":2,"lo', '', '\0\0\0', '[]', '{"type":"step"}']) {
    writeFileSync(file, lines.with(2, damage).join('\n'));
    expect(() => readMetrics(file)).toThrow(RunError);
    expect(() => readMetrics(file)).toThrow(`${file}:3: expected a JSON record with type and step; got "`);
    const before = readFileSync(file);
    expect(() => truncateMetrics(file, { step: 4, epochs: 1 })).toThrow(RunError);
    expect(readFileSync(file)).toEqual(before);
  }
});
