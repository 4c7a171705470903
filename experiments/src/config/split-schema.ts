import { z } from 'zod';

const seed = z.int().min(0).default(0);
const share = z.number().gt(0).lt(1);

const GlobalTimeConfig = z
  .strictObject({
    kind: z.literal('global-time').default('global-time'),
    /** Share of all events before the test cut. */
    quantile: share.default(0.9),
    /** Share of all events before the validation cut; default as far before the test cut as that is from the end. */
    validationQuantile: share.optional(),
    /** Which events of a user after a cut are targets: the first, the last, one at random, or each in its turn. */
    target: z.enum(['first', 'last', 'random', 'successive']).default('first'),
    /** Of `random`. */
    seed,
  })
  .refine(
    ({ quantile, validationQuantile = 2 * quantile - 1 }) => validationQuantile > 0 && validationQuantile < quantile,
    {
      path: ['validationQuantile'],
      message: 'expected a share above 0 and below quantile',
    },
  );

const ByUserConfig = z
  .strictObject({
    kind: z.literal('by-user'),
    /** Shares of the users that are tested and validated on, and do not train. */
    test: share.default(0.1),
    validation: share.default(0.1),
    seed,
  })
  .refine(({ test, validation }) => test + validation < 1, {
    path: ['validation'],
    message: 'expected shares that leave users to train on',
  });

const rowExamples = {
  /**
   * `points`: rows without a history. `impressions`: with what its user has with a label above 0 before the
   * request; of `random` and `given` in the training part. Default `impressions` where there are
   * times, a request and a label.
   */
  examples: z.enum(['points', 'impressions']).optional(),
  /** Latest events of a history that are kept; default all. */
  maxHistory: z
    .int()
    .positive()
    .max(2 ** 28)
    .optional(),
};

const GivenConfig = z.strictObject({ kind: z.literal('given'), ...rowExamples });

const rowShares = {
  test: share.default(0.1),
  /** 0: no validation part. */
  validation: z.number().min(0).lt(1).default(0.1),
};
const leavesRows = ({ test, validation }: { readonly test: number; readonly validation: number }) =>
  test + validation < 1;
const noRowsLeft = { path: ['validation'], message: 'expected shares that leave rows to train on' };

const RandomConfig = z
  .strictObject({
    kind: z.literal('random'),
    /** Shares of the requests, or of the rows where the data have no role `request`: a request is never cut apart. */
    ...rowShares,
    seed,
    ...rowExamples,
  })
  .refine(leavesRows, noRowsLeft);

const RowsByTimeConfig = z
  .strictObject({
    kind: z.literal('rows-by-time'),
    /** Shares of the rows, the newest; the cuts are times, so rows at one time stay together, and requests as well. */
    ...rowShares,
    ...rowExamples,
  })
  .refine(leavesRows, noRowsLeft);

/**
 * `train-test` is the reference's protocol: no validation set, the test set is evaluated while training. An object sets
 * what the others leave open. `random`, `rows-by-time` and `given` (the parts that the data come in) are
 * of rows, and for rankers.
 */
export const SplitConfigSchema = z.union([
  z.enum(['leave-last-out', 'train-test', 'global-time', 'by-user', 'random', 'rows-by-time', 'given']),
  GlobalTimeConfig,
  ByUserConfig,
  RandomConfig,
  RowsByTimeConfig,
  GivenConfig,
]);
