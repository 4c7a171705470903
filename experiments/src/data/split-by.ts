import {
  byUser,
  type ColdItemsOptions,
  givenSplit,
  globalTime,
  type Interactions,
  lastRows,
  leaveLastOut,
  type RandomSplitOptions,
  type RowSplit,
  randomSplit,
  rowsByTime,
  type Split,
  trainTest,
  withColdItems,
  withColdRows,
} from '@seqrec/data';
import type { DataConfig, WorldConfig } from '../config/data-schema.ts';
import { defined } from './defined.ts';

type SplitConfig = Exclude<DataConfig, WorldConfig>['split'];
type GlobalTime = Extract<SplitConfig, { kind: 'global-time' }>;
type ByUser = Extract<SplitConfig, { kind: 'by-user' }>;
type Random = Extract<SplitConfig, { kind: 'random' }>;
type LastRows = Partial<Extract<SplitConfig, { kind: 'last-rows' }>>;
type RowsByTime = Extract<SplitConfig, { kind: 'rows-by-time' }>;

/** The split of a configuration, its cold items taken out of what trains: their events, or the rows of a ranker. */
export function splitOf(
  { split, coldItems }: { readonly split: SplitConfig; readonly coldItems?: ColdItemsOptions },
  interactions: Interactions,
): Split {
  const whole = splitBy(split, interactions);
  if (coldItems === undefined) return whole;
  if (whole.examples !== undefined) return withColdRows(whole as RowSplit, coldItems);
  return splitBy(split, withColdItems(whole, coldItems));
}

/** The split of a configuration, cold items left where they are. */
export function splitBy(config: SplitConfig, interactions: Interactions): Split {
  const split = typeof config === 'string' ? { kind: config } : config;
  switch (split.kind) {
    case 'leave-last-out':
      return leaveLastOut(interactions);
    case 'train-test':
      return trainTest(interactions, 'minLength' in split ? split : {});
    case 'global-time': {
      const { cut, quantile = 0.9, target, seed, validation, ...given } = split as Partial<GlobalTime>;
      const { validationQuantile = cut === 'quantile' ? quantile : 2 * quantile - 1 } = given;
      if (cut === 'quantile')
        return globalTime(interactions, {
          testQuantile: quantile,
          ...(validation !== 'none' && { validationQuantile }),
          ...defined({ targets: target, seed }),
        });
      return globalTime(interactions, {
        testFraction: decimalShare(1 - quantile),
        validationFraction: validation === 'none' ? 0 : decimalShare(quantile - validationQuantile),
        ...defined({ targets: target, seed }),
      });
    }
    case 'by-user': {
      const { test = 0.1, validation = 0.1, seed } = split as Partial<ByUser>;
      return byUser(interactions, { testShare: test, validationShare: validation, ...defined({ seed }) });
    }
    case 'given': {
      const { examples, maxHistory } = split as Partial<Random>;
      return givenSplit(interactions, defined({ examples, maxHistory }));
    }
    case 'rows-by-time': {
      const { test, validation, examples, maxHistory } = split as Partial<RowsByTime>;
      return rowsByTime(interactions, defined({ testShare: test, validationShare: validation, examples, maxHistory }));
    }
    case 'last-rows': {
      const { test, validation, kind: _, ...given } = split as LastRows;
      return lastRows(interactions, { ...given, ...defined({ testShare: test, validationShare: validation }) });
    }
    case 'random': {
      const { test, validation, seed, examples, maxHistory } = split as Partial<Random>;
      const options: RandomSplitOptions = defined({ seed, examples, maxHistory });
      return randomSplit(interactions, { ...options, ...defined({ testShare: test, validationShare: validation }) });
    }
  }
}

/** `1 - 0.9` as the 0.1 that was meant. */
function decimalShare(share: number): number {
  return Number(share.toPrecision(12));
}
