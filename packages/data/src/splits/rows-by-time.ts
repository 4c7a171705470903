import { OptionError } from '../errors.ts';
import { requestsOf } from '../examples/requests.ts';
import type { Interactions } from '../interactions.ts';
import { historyText, partNames, type RowSplitOptions, rowSets } from './row-split.ts';
import { nobodyLeft, type RowSplit } from './split.ts';

export interface RowsByTimeOptions extends RowSplitOptions {
  /** Shares of the rows; default 0.1 each. */
  readonly testShare?: number;
  /** 0: no validation part. */
  readonly validationShare?: number;
}

const operation = 'rowsByTime';
/** Not one of the parts. */
const NO_PART = partNames.length;

/**
 * Splits the rows by time, 8:1:1 unless told: the oldest train, the newest test. Nothing is drawn, and every row is an
 * example for a ranker.
 *
 * With n rows in the order of their times, the test part begins at the time of row `n - round(n testShare)` and the
 * validation part at that of row `n - round(n testShare) - round(n validationShare)`, from 0. Rows at the time of a cut
 * are on its later side, all of them, so the later part may be larger than its share. A request that has rows on both
 * sides of a cut is in no part: so requests stay whole, and no training row is as late as one that validates or tests.
 * Histories (of `impressions`) hold rows of the user strictly before the request, whatever part they are in: what a
 * ranker that is in use would know.
 * @throws {OptionError} without times, or for shares that leave nothing or give one cut for both; {DataError}
 *   `nobody-left` when a part is empty
 */
export function rowsByTime(interactions: Interactions, options: RowsByTimeOptions = {}): RowSplit {
  const { testShare = 0.1, validationShare = 0.1, maxHistory } = options;
  if (interactions.hasTimestamps === false) {
    throw new OptionError(operation, `expected times; got none in ${interactions.name}`, {
      key: 'split',
      hint: 'name the column of the times (--data.columns.time), or split by chance (--data.split random)',
    });
  }
  if (!(testShare > 0 && testShare < 1)) {
    throw new OptionError(operation, `expected testShare between 0 and 1; got ${testShare}`, { key: 'testShare' });
  }
  if (!(validationShare >= 0 && testShare + validationShare < 1)) {
    const message = `expected shares that leave rows to train on; got ${testShare} and ${validationShare}`;
    throw new OptionError(operation, message, { key: 'validationShare' });
  }
  const cuts = cutTimes(interactions, testShare, validationShare);
  const { partOf, unused } = partsByTime(interactions, cuts);
  const sets = rowSets(interactions, partOf, operation, { ...options, rows: 'earlier' });
  const { train, validation, test, examples } = sets;
  for (const set of [train, ...(validationShare > 0 ? [validation] : []), test]) {
    if (set.targets.length === 0) throw nobodyLeft(operation, interactions, `rows in the ${set.name} part`);
  }
  const { testTime, validationTime } = cuts;
  const when = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const middle = validationTime === undefined ? '' : `, ${validation.targets.length} from then on validate`;
  return {
    protocol: 'rows-by-time',
    examples,
    interactions,
    train,
    ...(validationTime === undefined ? {} : { validation }),
    test,
    cuts,
    step: {
      name: 'split',
      detail:
        `rows-by-time: ${train.targets.length} rows before ${when(validationTime ?? testTime)} train${middle} and ` +
        `${test.targets.length} from ${when(testTime)} on test` +
        (interactions.roles.request === undefined
          ? ''
          : `; ${unused} rows of requests that lie on both sides of a cut are in no part`) +
        `; ${historyText(interactions, examples, maxHistory, 'earlier')}.`,
      params: {
        protocol: 'rows-by-time',
        testShare,
        validationShare,
        testTime,
        ...(validationTime === undefined ? {} : { validationTime }),
        examples,
        ...(maxHistory === undefined ? {} : { maxHistory }),
      },
      counts: {
        ...{ train: train.targets.length, validation: validation.targets.length, test: test.targets.length },
        droppedEvents: unused,
      },
    },
  };
}

function cutTimes(
  { timestamps, numEvents, name }: Interactions,
  testShare: number,
  validationShare: number,
): NonNullable<RowSplit['cuts']> {
  const sorted = timestamps.slice().sort();
  const tested = Math.round(numEvents * testShare);
  const validated = Math.round(numEvents * validationShare);
  // A part without a row begins nowhere: its neighbour's first row would be taken for its own.
  for (const [key, share, rows] of [
    ['testShare', testShare, tested],
    ['validationShare', validationShare, validated],
  ] as const) {
    if (rows > 0 || share === 0) continue;
    throw new OptionError(operation, `expected a ${key} of one row at least; got ${share} of ${numEvents} rows`, {
      key,
    });
  }
  const testTime = sorted[numEvents - tested];
  if (validationShare === 0) return { testTime };
  const validationTime = sorted[Math.max(0, numEvents - tested - validated)];
  if (validationTime < testTime) return { testTime, validationTime };
  throw new OptionError(
    operation,
    `expected shares that give two different times; got ${new Date(testTime * 1000).toISOString()} for both`,
    { key: 'validationShare', hint: `too many rows of ${name} share a time` },
  );
}

/** The part of each row, and how many are in none. */
function partsByTime(
  interactions: Interactions,
  { testTime, validationTime = testTime }: NonNullable<RowSplit['cuts']>,
): { readonly partOf: Uint8Array; readonly unused: number } {
  const { timestamps } = interactions;
  const { count, of } = requestsOf(interactions, operation);
  const unset = 255;
  const parts = new Uint8Array(count).fill(unset);
  for (let e = 0; e < of.length; e++) {
    const part = timestamps[e] < validationTime ? 0 : timestamps[e] < testTime ? 1 : 2;
    const before = parts[of[e]];
    parts[of[e]] = before === unset || before === part ? part : NO_PART;
  }
  const partOf = new Uint8Array(of.length);
  let unused = 0;
  for (let e = 0; e < of.length; e++) {
    partOf[e] = parts[of[e]];
    if (partOf[e] === NO_PART) unused++;
  }
  return { partOf, unused };
}
