import { OptionError } from '../errors.ts';
import { requestsOf } from '../examples/requests.ts';
import type { Interactions } from '../interactions.ts';
import { namedRandom } from '../philox.ts';
import { historyText, partNames, rowSets } from './row-split.ts';
import { nobodyLeft, type RowExamples, type RowSplit } from './split.ts';

export interface RandomSplitOptions {
  /** Shares of the requests, or of the rows where there are none; default 0.1 each. */
  readonly testShare?: number;
  /** 0: no validation part. */
  readonly validationShare?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Default `impressions` where rows have times, a request and a label, else `points`. */
  readonly examples?: RowExamples;
  /** Of `impressions`: latest events of a history that are kept; default all. */
  readonly maxHistory?: number;
}

/**
 * Splits the rows by chance, 8:1:1 unless told: those of one request stay together, and a row without a request is one
 * of its own. Every row is an example for a ranker, in one of the parts.
 *
 * As many requests as the shares say, rounded, are in the test and the validation part; which ones depends on the seed
 * and their number alone. Histories (of `impressions`) hold events of the training part alone, whatever part the
 * example is in, so that training never reads a row that is tested on.
 * @throws {OptionError} for shares that leave nothing; {DataError} `nobody-left` when a part is empty
 */
export function randomSplit(interactions: Interactions, options: RandomSplitOptions = {}): RowSplit {
  const operation = 'randomSplit';
  const { testShare = 0.1, validationShare = 0.1, seed = 0, maxHistory } = options;
  if (!(testShare > 0 && testShare < 1)) {
    throw new OptionError(operation, `expected testShare between 0 and 1; got ${testShare}`, { key: 'testShare' });
  }
  if (!(validationShare >= 0 && testShare + validationShare < 1)) {
    const message = `expected shares that leave rows to train on; got ${testShare} and ${validationShare}`;
    throw new OptionError(operation, message, { key: 'validationShare' });
  }
  const { count, of } = requestsOf(interactions, operation);
  const sizes = [0, Math.round(count * validationShare), Math.round(count * testShare)];
  sizes[0] = count - sizes[1] - sizes[2];
  const whole = interactions.roles.request === undefined ? 'rows' : 'requests';
  for (const [part, size] of sizes.entries()) {
    if (size > 0 || (part === 1 && validationShare === 0)) continue;
    throw nobodyLeft(operation, interactions, `enough of the ${count} ${whole} for one in the ${partNames[part]} part`);
  }
  const parts = drawParts(count, sizes, seed);
  const partOf = new Uint8Array(of.length);
  for (let e = 0; e < of.length; e++) partOf[e] = parts[of[e]];
  const { train, validation, test, examples } = rowSets(interactions, partOf, operation, options);
  const sets = [train, validation, test];
  const said = sets.map(({ targets }, part) => `${sizes[part]}${rowsIn(whole, targets.length)}`);
  return {
    protocol: 'random',
    examples,
    interactions,
    train,
    ...(validationShare > 0 ? { validation } : {}),
    test,
    step: {
      name: 'split',
      detail:
        `random: of ${count} ${whole} ${said[0]} train, ${said[1]} validate and ${said[2]} test (seed ${seed})` +
        `${whole === 'rows' ? '' : ', the rows of a request stay together'}; ` +
        `${historyText(interactions, examples, maxHistory)}.`,
      params: {
        protocol: 'random',
        testShare,
        validationShare,
        seed,
        examples,
        ...(maxHistory === undefined ? {} : { maxHistory }),
      },
      counts: {
        ...{ train: train.targets.length, validation: validation.targets.length, test: test.targets.length },
        ...(whole === 'rows' ? {} : { requests: count }),
      },
    },
  };
}

function rowsIn(whole: string, rows: number): string {
  return whole === 'rows' ? '' : ` (${rows} rows)`;
}

/** A part for each of `count`, `sizes` of each: a shuffle that stops when validation and test are drawn. */
function drawParts(count: number, [, validation, test]: readonly number[], seed: number): Uint8Array {
  const random = namedRandom(seed, 'random split');
  const order = new Int32Array(count);
  for (let k = 0; k < count; k++) order[k] = k;
  const parts = new Uint8Array(count);
  for (let k = 0; k < validation + test; k++) {
    const drawn = k + random.integer(count - k, k);
    parts[order[drawn]] = k < test ? 2 : 1;
    order[drawn] = order[k];
  }
  return parts;
}
