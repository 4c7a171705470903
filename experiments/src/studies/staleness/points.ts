import { type Interactions, type Refresh, USER_VECTOR, type UserVectors, withUserVectors } from '@seqrec/data';
import { storedVectors, type TokenEncoder } from '@seqrec/models';
import type { PreparedData } from '../../data/dataset.ts';
import type { Recorded } from '../../run/verdict/bootstrap.ts';
import { type MeasureOptions, measure } from '../study/measure.ts';

/** What answers a request. */
export const lines = {
  long: 'long model alone',
  small: 'small model alone',
  aged: 'small + long, trained with ages',
  fresh: 'small + long, trained fresh',
} as const;
export type LineName = keyof typeof lines;

/** How old the vectors of the long model are when they are read. */
export interface Age {
  readonly unit: 'events' | 'hours';
  readonly value: number;
}

/** The same split over other columns of the events. */
export function splitOver<S extends PreparedData['split']>(split: S, interactions: Interactions): S {
  const { train, validation, test } = split;
  return {
    ...split,
    interactions,
    train: { ...train, interactions },
    ...(validation && { validation: { ...validation, interactions } }),
    test: { ...test, interactions },
  };
}

export interface StalenessModels {
  readonly long: TokenEncoder;
  readonly small: TokenEncoder;
  readonly aged: TokenEncoder;
  readonly fresh: TokenEncoder;
}

/** Ranks of the test set at every age, line by line; those of the small model alone are of no age. */
export async function rankAtAges(
  models: StalenessModels,
  {
    vectors,
    data,
    ages,
    protocol,
    onPoint,
  }: {
    readonly vectors: UserVectors;
    readonly data: PreparedData;
    readonly ages: readonly Age[];
    readonly protocol: MeasureOptions;
    readonly onPoint: (done: number, total: number) => void;
  },
): Promise<ReadonlyMap<string, Recorded>> {
  const { split } = data;
  const points = new Map<string, Recorded>();
  const total = 1 + 3 * ages.length;
  const take = async (key: string, model: TokenEncoder, set: typeof split.test): Promise<void> => {
    points.set(key, (await measure(model, set, protocol)).recorded);
    onPoint(points.size, total);
  };
  await take(pointKey('small'), models.small, split.test);
  const looked = storedVectors(models.long, USER_VECTOR);
  for (const age of ages) {
    const aged = withUserVectors(split.interactions, { vectors, refresh: refreshOf(age) });
    const { test } = splitOver(split, aged);
    await take(pointKey('long', age), looked, test);
    await take(pointKey('aged', age), models.aged, test);
    await take(pointKey('fresh', age), models.fresh, test);
  }
  return points;
}

/** Name of a point among those of a seed. */
export function pointKey(line: LineName, age?: Age): string {
  return line === 'small' || age === undefined ? 'small' : `${line}-${age.value}-${age.unit}`;
}

const refreshOf = ({ unit, value }: Age): Refresh => (unit === 'events' ? { age: value } : { hours: value });
