import { afterEach, expect, it, vi } from 'vitest';
import type { RunConfig } from '../../config/run-config.ts';
import type { EpochRecord } from '../folder/metrics-log.ts';
import { EpochTable } from './epoch-table.ts';
import type { LoopState } from './train.ts';

afterEach(() => vi.restoreAllMocks());

it('a warning stands below the first epoch that has it, and again only in other words', () => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const config = {
    task: { kind: 'generation' },
    ...{ training: { epochs: 4 }, evaluation: { ks: [10], selectBy: 'HR@10' } },
  } as unknown as RunConfig;
  const table = new EpochTable(config, false);
  const cut = 'targets that 5 beams do not find count 0 in MRR';
  const told = [[cut], [cut, '3 targets tie'], undefined, ['4 targets tie', cut]];
  for (const [i, warnings] of told.entries()) {
    const figures = { metrics: {}, meanLoss: 1, tokensPerSecond: 1, seconds: 1, evaluationSeconds: 1 };
    const record = { epoch: i + 1, split: 'validation', ...figures, ...(warnings && { warnings }) };
    table.print(record as unknown as EpochRecord, {} as LoopState);
  }
  const printed = lines.join('\n').split('\n');
  const marks = printed.flatMap((line) => /^ +(\d)\/4|^ +(targets|\d targets)/.exec(line)?.[0].trim() ?? []);
  expect(marks).toEqual(['1/4', 'targets', '2/4', '3 targets', '3/4', '4/4', '4 targets']);
});

it('of a ranker has the columns of its first evaluation, whichever epoch has it', () => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const config = { task: { kind: 'ranking' }, training: { epochs: 4 }, evaluation: {} } as unknown as RunConfig;
  const table = new EpochTable(config, false);
  for (const [i, metrics] of [{}, { AUC: 0.75, logloss: 0.5 }, {}, { AUC: 0.76, logloss: 0.4 }].entries()) {
    const figures = { metrics, meanLoss: 1, rowsPerSecond: 1, seconds: 1, evaluationSeconds: 1 };
    table.print({ epoch: i + 1, split: 'validation', ...figures } as unknown as EpochRecord, {} as LoopState);
  }
  const cells = lines
    .join('\n')
    .split('\n')
    .map((line) => line.trim().split(/\s+/).slice(0, 4));
  expect(cells.filter(([first]) => first !== '' && first !== 'metrics')).toEqual([
    ['epoch', 'loss', 'rows/s', 'time'],
    ['1/4', '1.0000', '1', expect.anything()],
    ['epoch', 'loss', 'AUC', 'logloss'],
    ['2/4', '1.0000', '0.7500', '0.5000'],
    ['3/4', '1.0000', '-', '-'],
    ['4/4', '1.0000', '0.7600', '0.4000'],
  ]);
});
