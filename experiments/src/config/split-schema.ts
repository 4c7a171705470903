import { z } from 'zod';
import { seed as anySeed, count, share } from './fields.ts';

const seed = anySeed.default(0);

const TrainTestConfig = z
  .strictObject({
    kind: z.literal('train-test'),
    minLength: z
      .int()
      .min(3)
      .default(3)
      .describe('Users with fewer events are left out; 4 leaves the users of `leave-last-out`.'),
  })
  .describe('The last event of each user is tested, all before it train; no validation part.');

const GlobalTimeConfig = z
  .strictObject({
    kind: z.literal('global-time').default('global-time'),
    quantile: share.default(0.9).describe('Share of all events before the test cut.'),
    validationQuantile: share
      .optional()
      .describe(
        'Share of all events before the validation cut; default as far before the test cut as that is from the end, which needs a quantile above 0.5. With `cut` `quantile` the share of those that train, default `quantile`.',
      ),
    cut: z
      .enum(['share', 'quantile'])
      .default('share')
      .describe(
        'What the cuts are: times with that share of the events before them, or quantiles of the times, linear between neighbours, at which events still train, as in "Time to Split" (RecSys 2025).',
      ),
    validation: z
      .enum(['time', 'none'])
      .default('time')
      .describe('A validation part before the test cut, or none: then its events train.'),
    target: z
      .enum(['first', 'last', 'random', 'successive'])
      .default('first')
      .describe(
        'Which events of a user after a cut are targets: the first, the last, one at random, or each in its turn.',
      ),
    seed: seed.describe('Seed of `random` targets.'),
  })
  .refine(
    ({ cut, quantile, validationQuantile, validation }) =>
      cut === 'quantile' || validation === 'none' || validationQuantile !== undefined || quantile > 0.5,
    {
      path: ['validationQuantile'],
      message: 'expected it or validation none where quantile is at most 0.5',
    },
  )
  .refine(({ cut, quantile, validationQuantile = 0 }) => cut === 'quantile' || validationQuantile < quantile, {
    path: ['validationQuantile'],
    message: 'expected a share above 0 and below quantile',
  })
  .refine(({ validation, validationQuantile }) => validation === 'time' || validationQuantile === undefined, {
    path: ['validationQuantile'],
    message: 'expected it with a validation part alone, and validation is none',
  })
  .refine(({ target, seed }) => target === 'random' || seed === 0, {
    path: ['seed'],
    message: "expected it with target 'random' alone",
  })
  .describe('Cuts at two times, the same for all users.');

const ByUserConfig = z
  .strictObject({
    kind: z.literal('by-user'),
    test: share.default(0.1).describe('Share of the users that are tested on, and do not train.'),
    validation: share.default(0.1).describe('Share of the users that are validated on, and do not train.'),
    seed: seed.describe('Seed of which users.'),
  })
  .refine(({ test, validation }) => test + validation < 1, {
    path: ['validation'],
    message: 'expected shares that leave users to train on',
  })
  .describe('Users are tested on whose events nothing was trained on.');

const rowExamples = {
  examples: z
    .enum(['points', 'impressions'])
    .optional()
    .describe(
      '`points`: rows without a history. `impressions`: with what its user has with a label above 0 before the request; of `random` and `given` in the training part. Default `impressions` where there are times, a request and a label.',
    ),
  maxHistory: count.optional().describe('Latest events of a history that are kept; default all.'),
};

const GivenConfig = z
  .strictObject({ kind: z.literal('given'), ...rowExamples })
  .describe('The parts that the data come in.');

const rowShares = {
  test: share.default(0.1).describe('Share of the rows that are tested on.'),
  validation: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe('Share of the rows that are validated on; 0: no validation part.'),
};
const leavesRows = ({ test, validation }: { readonly test: number; readonly validation: number }) =>
  test + validation < 1;
const noRowsLeft = { path: ['validation'], message: 'expected shares that leave rows to train on' };

const RandomConfig = z
  .strictObject({
    kind: z.literal('random'),
    ...rowShares,
    seed: seed.describe('Seed of which rows.'),
    ...rowExamples,
  })
  .refine(leavesRows, noRowsLeft)
  .describe(
    'Random shares of the requests, or of the rows where the data have no role `request`: a request is never cut apart.',
  );

const RowsByTimeConfig = z
  .strictObject({
    kind: z.literal('rows-by-time'),
    ...rowShares,
    ...rowExamples,
  })
  .refine(leavesRows, noRowsLeft)
  .describe('The newest rows; the cuts are times, so rows at one time stay together, and requests as well.');

const LastRowsConfig = z
  .strictObject({
    kind: z.literal('last-rows'),
    rows: count.default(10).describe('Last events of a user, the candidates of its request.'),
    by: z
      .enum(['user', 'time'])
      .default('user')
      .describe('Which users are in which part: by chance, or by the times of their requests, the newest ones test.'),
    training: z
      .enum(['last', 'every'])
      .default('last')
      .describe(
        'Requests of the users that train: their last one, or one for every so many events, so that nearly every event is a label.',
      ),
    test: share.default(0.25).describe('Share of the users that are tested on.'),
    validation: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe('Share of the users that are validated on; 0: no validation part.'),
    seed: seed.describe('Seed of which users, by `user`.'),
    maxHistory: rowExamples.maxHistory,
  })
  .refine(leavesRows, { path: ['validation'], message: 'expected shares that leave users to train on' })
  .refine(({ by, seed }) => by === 'user' || seed === 0, {
    path: ['seed'],
    message: "expected it with by 'user' alone",
  })
  .describe(
    'One request a user: its last events are the candidates, all before them their history. Every user is in one part.',
  );

export const SplitConfigSchema = z
  .union([
    z.enum(['leave-last-out', 'train-test', 'global-time', 'by-user', 'random', 'rows-by-time', 'last-rows', 'given']),
    TrainTestConfig,
    GlobalTimeConfig,
    ByUserConfig,
    RandomConfig,
    RowsByTimeConfig,
    LastRowsConfig,
    GivenConfig,
  ])
  .describe(
    "Which events are trained, validated and tested on. `train-test` is the reference's protocol: no validation set, the test set is evaluated while training. `random`, `rows-by-time`, `last-rows` and `given` (the parts that the data come in) are of rows, and for rankers. An object sets what a name leaves open.",
  );
