import { ConfigError, EvaluationError } from '../errors.ts';
import { discountedGain, type Gain, hitGain, reciprocalGain } from './gains.ts';

/** A metric of exact ranks: the mean over queries of what one query gives; larger is better. */
export type MetricDefinition = {
  /** As in `selectBy`: `MRR`, or `HR` of `HR@10`. */
  readonly name: string;
  /** What is printed beside the figures, after `NAME: ` or `NAME@k: `; a full stop is added. */
  readonly definition: string;
} & (
  | {
      /** What a query gives. `overTies` makes one of a function of the place alone. */
      readonly gain: Gain;
    }
  | {
      /** The same for a metric that has a cut-off: `NAME@k` for each of the cut-offs of an evaluation. */
      gainAt(k: number): Gain;
    }
);

/** The metrics of this package: a line each. */
const definitions = new Map<string, MetricDefinition>(
  [
    { name: 'HR', definition: 'share of queries with rank <= k', gainAt: hitGain },
    { name: 'NDCG', definition: 'mean of 1/log2(rank + 1) where rank <= k, else 0', gainAt: discountedGain },
    { name: 'MRR', definition: 'mean of 1/rank', gain: reciprocalGain },
  ].map((definition) => [definition.name, definition]),
);

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * Makes a metric of exact ranks known: every evaluation gives it from then on, `selectBy` and comparisons take it. The
 * metrics of this package use the same door.
 *
 * @throws ConfigError for a name that is known or none, and a gain that is not 0 for a miss (an infinite rank), or no
 *   number for rank 1.
 */
export function defineMetric(definition: MetricDefinition): void {
  const { name } = definition;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new ConfigError(
      `defineMetric: name: expected a word of letters, digits, _ and -; got ${JSON.stringify(name)}`,
      'name',
    );
  }
  if (definitions.has(name)) {
    throw new ConfigError(
      `defineMetric: name: expected a metric that is not known yet; got '${name}'; choose another name`,
      'name',
    );
  }
  if (typeof definition.definition !== 'string' || definition.definition.trim() === '') {
    throw new ConfigError(
      `defineMetric: definition: expected what ${name} is, which stands beside its figures; got nothing`,
      'definition',
    );
  }
  const gain = 'gainAt' in definition ? definition.gainAt(10) : definition.gain;
  const [first, miss] = typeof gain === 'function' ? [gain(1, 0), gain(Number.POSITIVE_INFINITY, 0)] : [];
  if (!Number.isFinite(first) || miss !== 0) {
    throw new ConfigError(
      `defineMetric: gain: expected a function (rank, tied) that gives a number for rank 1, and 0 for an infinite rank, a miss; got ${first} and ${miss} of ${name}`,
      'gain',
    );
  }
  definitions.set(name, definition);
}

/** How the metrics are named: `HR@k`, `NDCG@k`, `MRR`, and what was defined since. */
export function metricPatterns(): readonly string[] {
  return Array.from(definitions.values(), (each) => ('gainAt' in each ? `${each.name}@k` : each.name));
}

/** The gain of a metric by its name in figures, `HR@10`; nothing for a name that is not known. */
export function knownGain(metric: string): Gain | undefined {
  const [, name, cutoff] = /^([^@]*)(?:@([1-9]\d*))?$/.exec(metric) ?? [];
  const definition = definitions.get(name ?? '');
  if (definition === undefined || 'gainAt' in definition !== (cutoff !== undefined)) return undefined;
  return 'gainAt' in definition ? definition.gainAt(Number(cutoff)) : definition.gain;
}

/**
 * The gain of `HR@k`, `NDCG@k`, `MRR` or a metric that was defined.
 *
 * @throws EvaluationError for another name.
 */
export function gainOf(metric: string): Gain {
  const gain = knownGain(metric);
  if (gain !== undefined) return gain;
  throw new EvaluationError(`metrics: expected ${metricsInWords()}; got ${metric}`);
}

/** The names of all metrics at some cut-offs: for each all that have one, then the others. */
export function metricNames(ks: readonly number[]): string[] {
  const all = [...definitions.values()];
  return [
    ...ks.flatMap((k) => all.filter((each) => 'gainAt' in each).map(({ name }) => `${name}@${k}`)),
    ...all.filter((each) => !('gainAt' in each)).map(({ name }) => name),
  ];
}

/** What the metrics are, in sentences. */
export function metricSentences(): string {
  return Array.from(
    definitions.values(),
    (each) => `${each.name}${'gainAt' in each ? '@k' : ''}: ${each.definition}.`,
  ).join(' ');
}

/** `HR@k, NDCG@k or MRR`, and what was defined since: for messages. */
export function metricsInWords(): string {
  const names = metricPatterns();
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
