import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatMetric } from './format.ts';
import { renderHistogram } from './histogram.ts';
import { Progress } from './progress.ts';
import { renderTable } from './table.ts';

function recorder(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  let time = 0;
  const progress = new Progress({
    target: { isTTY, columns, write: (text) => written.push(text) },
    now: () => time,
    redrawEvery: 100,
    lineEvery: 10_000,
  });
  return {
    written,
    progress,
    tick: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

test('on a terminal one line is redrawn, not more often than asked', () => {
  const { written, progress, tick } = recorder(true);
  progress.start(10);
  tick(1000);
  progress.update({ label: 'train', done: 20, total: 60, fields: ['loss 3.2000'] });
  tick(50);
  progress.update({ label: 'train', done: 21, total: 60 });
  // Ten done in one second since the start, forty to go.
  expect(written).toEqual(['\r\x1b[2Ktrain  20/60  loss 3.2000  4.0 s left']);
  progress.note('saved');
  expect(written.slice(1)).toEqual(['\r\x1b[2K', 'saved\n']);
});

test('what may stop early says how much is left at most', () => {
  const { written, progress, tick } = recorder(true);
  progress.start();
  tick(1000);
  progress.update({ label: 'train', done: 1, total: 3, mayStop: true });
  expect(written).toEqual(['\r\x1b[2Ktrain  1/3  at most 2.0 s left']);
});

test('a line never exceeds the terminal', () => {
  const { written, progress } = recorder(true, 12);
  progress.start();
  progress.update({ label: 'a long label', done: 1, total: 2 });
  expect(written[0]).toBe('\r\x1b[2Ka long lab…');
});

test('elsewhere a line appears now and then', () => {
  const { written, progress, tick } = recorder(false);
  progress.start();
  for (let done = 0; done < 25; done++) {
    tick(1000);
    progress.update({ label: 'evaluate', done, total: 25 });
  }
  expect(written).toEqual(['evaluate  9/25  18 s left\n', 'evaluate  19/25  6.3 s left\n']);
});

test('quiet prints nothing', () => {
  const written: string[] = [];
  const progress = new Progress({ quiet: true, target: { isTTY: true, write: (text) => written.push(text) } });
  progress.update({ label: 'x', done: 1, total: 2 });
  progress.note('x');
  progress.clear();
  expect(written).toEqual([]);
});

test('numbers for people', () => {
  expect([4.04, 12.4, 61, 3599.6, 7260].map(formatDuration)).toEqual([
    '4.0 s',
    '12 s',
    '1 min 01 s',
    '1 h 00 min',
    '2 h 01 min',
  ]);
  expect(formatDuration(Number.POSITIVE_INFINITY)).toBe('?');
  expect(formatCount(1000209)).toBe('1,000,209');
  expect(formatMetric(0.25)).toBe('0.2500');
  expect(formatMetric(undefined)).toBe('-');
  expect([512, 1536, 3 * 2 ** 30].map(formatBytes)).toEqual(['512 B', '1.5 KiB', '3.0 GiB']);
});

test('tables align and histograms scale', () => {
  expect(
    renderTable(
      [{ title: 'model' }, { title: 'HR@10', align: 'right' }],
      [
        ['hstu', '0.3097'],
        ['popularity', '0.05'],
      ],
    ),
  ).toBe(['model        HR@10', '----------  ------', 'hstu        0.3097', 'popularity    0.05'].join('\n'));
  expect(
    renderHistogram(
      [
        { label: '1', count: 8 },
        { label: '10', count: 3 },
        { label: '20', count: 0 },
      ],
      2,
    ),
  ).toBe(['   1 │██ 8', '  10 │▊ 3', '  20 │ 0'].join('\n'));
});
