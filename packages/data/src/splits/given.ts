import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { historyText, partNames, rowSets } from './row-split.ts';
import { nobodyLeft, type RowExamples, type RowSplit } from './split.ts';

export interface GivenSplitOptions {
  /** Default `impressions` where rows have times, a request and a label, else `points`. */
  readonly examples?: RowExamples;
  /** Of `impressions`: latest events of a history that are kept; default all. */
  readonly maxHistory?: number;
}

/**
 * The split that comes with the data: the column in the role `part` says of each row whether it trains, validates or
 * tests (`train`, `validation`, `test`). Every row is an example for a ranker.
 *
 * @throws {OptionError} without such a column, or for another part; {DataError} `nobody-left` when a part is empty
 */
export function givenSplit(interactions: Interactions, options: GivenSplitOptions = {}): RowSplit {
  const operation = 'givenSplit';
  const partOf = partsOf(interactions, operation);
  const { train, validation, test, examples } = rowSets(interactions, partOf, operation, options);
  for (const set of [train, test]) {
    if (set.targets.length === 0) throw nobodyLeft(operation, interactions, `rows in the ${set.name} part`);
  }
  const counts = { train: train.targets.length, validation: validation.targets.length, test: test.targets.length };
  const { maxHistory } = options;
  return {
    protocol: 'given',
    examples,
    interactions,
    train,
    ...(counts.validation > 0 ? { validation } : {}),
    test,
    step: {
      name: 'split',
      detail:
        `given: the parts of the data, ${counts.train} rows train, ${counts.validation} validate and ${counts.test} test; ` +
        `${historyText(interactions, examples, maxHistory)}.`,
      params: { protocol: 'given', examples, ...(maxHistory === undefined ? {} : { maxHistory }) },
      counts,
    },
  };
}

function partsOf({ events, roles, name, numEvents }: Interactions, operation: string): Uint8Array {
  const column = roles.part === undefined ? undefined : events.columns.get(roles.part);
  if (column?.kind !== 'id') {
    throw new OptionError(operation, `expected data that come in parts; got ${name}, which does not`, {
      key: 'split',
      hint: 'take another split (--data.split random)',
    });
  }
  const numbers = ['', ...column.ids.toJSON().external].map((part) => (partNames as readonly string[]).indexOf(part));
  const parts = new Uint8Array(numEvents);
  for (let e = 0; e < numEvents; e++) {
    const number = numbers[column.values[e]];
    if (number < 0) {
      const got = column.values[e] === 0 ? 'none' : column.ids.external(column.values[e]);
      throw new OptionError(operation, `expected a part ${partNames.join(', ')} of each row; got ${got}`, {
        key: 'part',
      });
    }
    parts[e] = number;
  }
  return parts;
}
