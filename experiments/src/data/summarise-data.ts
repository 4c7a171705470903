import {
  type ColumnDescription,
  countExamples,
  datasetStats,
  describeColumns,
  type ExampleSet,
  type Interactions,
  impressionExamples,
  leakageReport,
  lengthHistogram,
  type Split,
  shortNumber,
} from '@seqrec/data';
import type { ColumnSummary, DataSummary, PartSummary } from './data-summary.ts';

/** What `data.json` and `seqrec data` say of a split. */
export function summariseData(split: Split): DataSummary {
  const { interactions, train, validation, test } = split;
  const sets = [train, ...(validation ? [validation] : []), test];
  return {
    ...summariseInteractions(interactions),
    split: split.protocol,
    examples: Object.fromEntries(sets.map((set) => [set.name, set.targets.length])),
    ...(split.examples !== undefined && { parts: sets.map(partSummary) }),
    steps: [...interactions.steps, split.step].map((step) => step.detail),
    leakage: leakageReport(split).checks.map((check) => `${check.verdict}: ${check.text}`),
  };
}

/** The same of a split that cannot be made. */
export function summariseWithout(split: string, interactions: Interactions, problem: string): DataSummary {
  return { ...summariseInteractions(interactions), split, examples: {}, leakage: [], problem };
}

function summariseInteractions(interactions: Interactions) {
  return {
    name: interactions.name,
    digest: interactions.digest,
    statistics: statisticsOf(interactions),
    lengths: lengthHistogram(interactions).map(({ from, to, users }) => ({
      label: to - from === 1 ? String(from) : `${from}-${to - 1}`,
      count: users,
    })),
    columns: describeColumns(interactions).map(columnSummary),
    steps: interactions.steps.map((step) => step.detail),
  };
}

function partSummary(set: ExampleSet): PartSummary {
  const label = set.interactions.roles.labels[0];
  const { examples, positives, users, items } = countExamples(set);
  return { name: set.name, rows: examples, ...(label !== undefined && { label }), positives, users, items };
}

function columnSummary(column: ColumnDescription): ColumnSummary {
  const { table, name, kind, roles, vocabulary, width, missing, length, range, examples } = column;
  const facts = [
    ...(width === undefined ? [] : [`${width} wide`]),
    ...(length === undefined ? [] : [`${length.toFixed(1)} a row`]),
    ...(range === undefined
      ? []
      : [kind === 'time' ? range.map(day).join(' to ') : range.map(shortNumber).join(' to ')]),
  ];
  return {
    table,
    name,
    kind,
    roles: roles.join(', '),
    ...(vocabulary !== undefined && { vocabulary }),
    missing,
    about: facts.join(', '),
    examples,
  };
}

function statisticsOf(interactions: Interactions): DataSummary['statistics'] {
  const stats = datasetStats(interactions);
  const { lengths, time } = stats;
  return {
    users: stats.users,
    items: stats.items,
    'items with events': stats.itemsWithEvents,
    events: stats.events,
    density: `${(100 * stats.density).toFixed(3)} %`,
    'events per user, mean': lengths.mean.toFixed(1),
    'events per user, median': lengths.median,
    'events per user, min and max': `${lengths.min} and ${lengths.max}`,
    ...(time
      ? {
          from: day(time.first),
          to: day(time.last),
          'events that share a time with the one before': `${(100 * stats.sameTimeShare).toFixed(1)} %`,
        }
      : { times: 'none, events are in the order of the file' }),
    ...(stats.followedWithin && {
      [`later event of the user within ${stats.followedWithin.map(({ days }) => days).join(', ')} days`]: `${stats.followedWithin.map(({ share }) => (100 * share).toFixed(1)).join(', ')} %`,
    }),
    'events of an item the user had before': `${(100 * stats.repeatShare).toFixed(1)} %`,
    ...impressionStatistics(interactions),
  };
}

/** What a ranker has to learn from, where rows were shown together and have a label. */
function impressionStatistics(interactions: Interactions): DataSummary['statistics'] {
  const { hasTimestamps, roles, events } = interactions;
  const label = events.columns.get(roles.labels[0] ?? '');
  const request = events.columns.get(roles.request ?? '');
  if (!hasTimestamps || request?.kind !== 'id' || label?.kind !== 'number' || label.width > 1) return {};
  const counts = countExamples(impressionExamples(interactions));
  return {
    'impressions, one a row shown': counts.examples,
    'impressions, requests': counts.requests,
    [`impressions, ${roles.labels[0]} above 0`]: counts.positives,
    'impressions without a history before the request': counts.withoutHistory,
    'impressions, events of the history, mean': (counts.historyEvents / counts.examples).toFixed(1),
  };
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
