import { formatMetric } from '../../terminal/format.ts';
import type { RequestCost } from './cost.ts';
import type { Age, LineName } from './points.ts';
import { type Estimate, isAhead, spread } from './statistics.ts';
import type { Summary } from './summary.ts';

const METRIC = 'HR@10';

/** What the study says, in sentences; a difference is told from none where its interval leaves 0 out. */
export function concluded(summary: Summary, ages: readonly Age[], cost: RequestCost): string[] {
  const events = ages.filter(({ unit }) => unit === 'events').sort((a, b) => a.value - b.value);
  if (events.length < 2) return [];
  const [first, last] = [events[0], events[events.length - 1]];
  const mean = (line: LineName, age?: Age): string => formatMetric(summary.of(METRIC, line, age).mean);
  const kept = (line: LineName): string =>
    `${mean(line, first)} at age ${first.value}, ${mean(line, last)} at age ${last.value}`;
  const ahead = events.filter((age) => isAhead(summary.aheadOf(METRIC, 'small', age)));
  const isBehind = (line: 'small' | 'fresh', age: Age): boolean => (summary.aheadOf(METRIC, line, age).high ?? 0) < 0;
  const behind = events.filter((age) => isBehind('small', age));
  const consistent = {
    ahead: events.filter((age) => isAhead(summary.aheadOf(METRIC, 'fresh', age))),
    behind: events.filter((age) => isBehind('fresh', age)),
  };
  return [
    `${METRIC} of the long model alone: ${kept('long')}; with the small model beside it: ${kept('aged')}; the small model alone: ${mean('small')}.`,
    `Beside the small model, vectors of the long one ${told(ahead, 'add', 'do not add')}${behind.length > 0 ? `; they take away at ${numbers(behind)} events` : ''}.`,
    `Both against the long model alone, at age ${first.value}: ${signed(summary.aheadOf(METRIC, 'long', first))}; at age ${last.value}: ${signed(summary.aheadOf(METRIC, 'long', last))}.`,
    `Training with vectors as old as those that are served ${besideFresh(consistent)}.`,
    `A request costs ${cost.small.toFixed(2)} ms with the small model, ${cost.pair.toFixed(2)} ms where it reads stored vectors, ${cost.longFull.toFixed(2)} ms with the long one computed in full${cost.longCached === undefined ? '' : `, ${cost.longCached.toFixed(2)} ms with the long one from kept keys and values`}.`,
  ];
}

function besideFresh({ ahead, behind }: { readonly ahead: readonly Age[]; readonly behind: readonly Age[] }): string {
  const parts = [
    ...(ahead.length > 0 ? [`is ahead of training with fresh ones at ${numbers(ahead)} events`] : []),
    ...(behind.length > 0 ? [`is behind training with fresh ones at ${numbers(behind)} events`] : []),
  ];
  return parts.length === 0 ? 'cannot be told from training with fresh ones' : parts.join(', and ');
}

function told(ages: readonly Age[], yes: string, no: string): string {
  return ages.length === 0
    ? `${no} what can be told from nothing, at any age`
    : `${yes} at ages of ${numbers(ages)} events`;
}

const numbers = (ages: readonly Age[]): string => ages.map(({ value }) => value).join(', ');

function signed(estimate: Estimate): string {
  const text = (value: number): string => `${value < 0 ? '-' : '+'}${formatMetric(Math.abs(value))}`;
  return `${text(estimate.mean)}${spread(estimate, text)}`;
}
