import { existsSync } from 'node:fs';
import { readJson } from '../../run/folder/atomic.ts';
import type { Environment } from '../../run/folder/environment.ts';
import { readMetrics } from '../../run/folder/metrics-log.ts';
import type { RunResults } from '../../run/folder/results.ts';
import type { RunDir } from '../../run/folder/run-dir.ts';
import { formatBytes, formatCount, formatDuration } from '../../terminal/format.ts';
import { markdownTable } from '../../terminal/markdown.ts';
import type { Section } from './section.ts';

/** What a run took. */
export interface RunCost {
  readonly row: string;
  /** Processor and Node of the run's folder. */
  readonly machine: string;
  readonly epochs: number;
  readonly steps: number;
  /** Or rows, of models of rows. */
  readonly tokens: number;
  readonly unit?: 'rows';
  /** Optimiser steps alone; of an epoch that was interrupted, what came after. */
  readonly trainingSeconds: number;
  readonly evaluationSeconds: number;
  /** Most bytes of weights, moments and temporaries in the heap of the backend while training, where it counts them. */
  readonly peakHeapBytes?: number;
  /** Numbers in all weights; absent for a run from before they were counted. */
  readonly parameters?: number;
}

/** Reads the metrics of a run folder. */
export function runCost(row: string, run: RunDir): RunCost {
  const { cpu, node } = readJson(run.environment) as Environment;
  const records = readMetrics(run.metrics);
  const epochs = records.filter((record) => record.type === 'epoch');
  const steps = records.filter((record) => record.type === 'step');
  const peaks = epochs.flatMap(({ peakHeapBytes }) => peakHeapBytes ?? []);
  const parameters = existsSync(run.results) ? (readJson(run.results) as RunResults).parameters?.total : undefined;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    row,
    machine: `${cpu}, Node ${node}`,
    epochs: epochs.length,
    steps: steps.length,
    tokens: sum(steps.map(({ tokens, rows = tokens }) => rows)),
    ...(steps.some(({ rows }) => rows !== undefined) && { unit: 'rows' as const }),
    trainingSeconds: sum(epochs.map(({ seconds }) => seconds)),
    evaluationSeconds: sum(epochs.map(({ evaluationSeconds }) => evaluationSeconds)),
    ...(peaks.length > 0 && { peakHeapBytes: Math.max(...peaks) }),
    ...(parameters !== undefined && { parameters }),
  };
}

/** Parameters, time and memory of each row, means over its seeds (memory: the most). */
export function costSection(costs: readonly RunCost[]): Section {
  const machines = [...new Set(costs.map(({ machine }) => machine))].join('; ');
  const unit = costs[0]?.unit ?? 'tokens';
  const rows = [...Map.groupBy(costs, ({ row }) => row)].map(([row, own]) => {
    const mean = (value: (cost: RunCost) => number): number =>
      own.reduce((sum, cost) => sum + value(cost), 0) / own.length;
    const seconds = mean((cost) => cost.trainingSeconds);
    const peaks = own.flatMap(({ peakHeapBytes }) => peakHeapBytes ?? []);
    const counts = [...new Set(own.flatMap(({ parameters }) => parameters ?? []))];
    return [
      row,
      String(own.length),
      // Rows of tables depend on the split, and so on the seed where each has its own.
      counts.length === 0 ? '-' : counts.map(formatCount).join(', '),
      formatCount(mean((cost) => cost.steps)),
      formatCount(mean((cost) => cost.tokens)),
      formatDuration(seconds),
      seconds === 0 ? '-' : formatCount(mean((cost) => cost.tokens) / seconds),
      formatDuration(mean((cost) => cost.evaluationSeconds)),
      peaks.length === 0 ? '-' : formatBytes(Math.max(...peaks)),
    ];
  });
  return {
    title: 'What each row took',
    note: `Wall time on ${machines}, means over seeds: optimiser steps, and the evaluations between epochs. It is of the runs as they happened: other load on the machine is in it. Peak heap: most bytes in the heap of the backend while training.`,
    titles: ['model', 'seeds', 'parameters', 'steps', unit, 'training', `${unit}/s`, 'evaluation', 'peak heap'],
    rows,
  };
}

/** {@link costSection} as Markdown. */
export function renderCosts(costs: readonly RunCost[]): string {
  const { title, note = '', titles, rows } = costSection(costs);
  return [`## ${title}`, note, markdownTable(titles, rows)].join('\n\n');
}
