import type { Recorded } from '../../run/verdict/bootstrap.ts';
import { type Age, type LineName, pointKey } from './points.ts';
import { type Estimate, estimates, gainsOf } from './statistics.ts';

export const METRICS = ['HR@10', 'NDCG@10'] as const;
export type MetricName = (typeof METRICS)[number];

/** Means and differences of a study, with intervals. */
export interface Summary {
  of(metric: MetricName, line: LineName, age?: Age): Estimate;
  /** `b - a`, query by query and seed by seed; `b` is the small model that learned with ages. */
  aheadOf(metric: MetricName, line: Exclude<LineName, 'aged'>, age: Age): Estimate;
}

/** Everything that is told, from one bootstrap. */
export function summarise(bySeed: readonly ReadonlyMap<string, Recorded>[], ages: readonly Age[]): Summary {
  const at = (key: string): Recorded[] => bySeed.map((points) => points.get(key) as Recorded);
  const names: string[] = [];
  const lists: Float64Array[] = [];
  const add = (name: string, values: Float64Array): Float64Array => {
    names.push(name);
    lists.push(values);
    return values;
  };
  for (const metric of METRICS) {
    const gains = (line: LineName, age?: Age): Float64Array => {
      const key = pointKey(line, age);
      return add(`${metric} ${key}`, gainsOf(at(key), metric));
    };
    const small = gains('small');
    for (const age of ages) {
      const aged = gains('aged', age);
      for (const [line, other] of [
        ['small', small],
        ['long', gains('long', age)],
        ['fresh', gains('fresh', age)],
      ] as const)
        add(
          differenceName(metric, line, age),
          aged.map((gain, q) => gain - other[q]),
        );
    }
  }
  const found = new Map(estimates(lists, at(pointKey('small'))[0]).map((each, i) => [names[i], each]));
  return {
    of: (metric, line, age) => found.get(`${metric} ${pointKey(line, age)}`) as Estimate,
    aheadOf: (metric, line, age) => found.get(differenceName(metric, line, age)) as Estimate,
  };
}

function differenceName(metric: string, line: LineName, { unit, value }: Age): string {
  return `${metric} aged - ${line} at ${value} ${unit}`;
}
