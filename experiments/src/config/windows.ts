import {
  checkedWindows,
  definedWindows,
  equalSteps,
  OptionError,
  scheduleOrders,
  slidingWindows,
  stochasticLength,
  type WindowPolicy,
} from '@seqrec/data';
import { schemaProblem } from '@seqrec/models';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { count } from './fields.ts';

const schedule = z
  .strictObject({
    epochs: count.describe('Epochs of a turn, N.'),
    controlEpochs: z
      .int()
      .min(0)
      .describe('Epochs of a turn that take the newest window, X; N of them are `control` bit for bit.'),
    order: z.enum(scheduleOrders).default('control-first').describe('Where in a turn they are.'),
  })
  .optional()
  .describe('X of N epochs take the newest window; later epochs go on in turns of N.');

const sliding = {
  maxHistory: z
    .union([count, z.literal('all')])
    .default('all')
    .describe(
      'Events, the latest, that windows reach back over: at least `model.maxSequenceLength`, which is `control`.',
    ),
  schedule,
};

const stride = count.default(1).describe('Events between the starts of neighbouring windows.');

const budget = z
  .enum(['epochs', 'steps'])
  .default('epochs')
  .describe(
    "Rules that take several windows of a history. `epochs`: all of them, so that an epoch costs more steps than `control`'s. `steps`: a selection, as many as there are histories, so that it takes as many steps.",
  );

/** The policies of this package. */
const own = [
  z.strictObject({ policy: z.literal('control') }).describe('The newest window.'),
  z
    .strictObject({ policy: z.literal('one-random'), ...sliding, stride })
    .describe('One random window of every history.'),
  z
    .strictObject({ policy: z.literal('round-robin'), ...sliding, stride })
    .describe('The windows of a history in turn, one an epoch.'),
  z
    .strictObject({
      policy: z.literal('weighted'),
      ...sliding,
      stride,
      decay: z
        .number()
        .positive()
        .optional()
        .describe('Events; window i is drawn with weight `exp(-i stride / decay)`. Default: the window.'),
    })
    .describe('One random window of every history, newer ones more often.'),
  z
    .strictObject({ policy: z.literal('all-windows'), ...sliding, stride, budget })
    .describe('All windows of every history.'),
  z
    .strictObject({
      policy: z.literal('strided-offset'),
      ...sliding,
      offsetEpochs: count.default(10).describe('Epochs over which the offset runs through the window.'),
      budget,
    })
    .describe('Windows one beside the other, from an offset that moves with the epochs.'),
  z
    .strictObject({
      policy: z.literal('stochastic-length'),
      alpha: z
        .number()
        .gt(1)
        .max(2)
        .describe('A history of n is cut to `N^(alpha / 2)` events with chance `1 - N^alpha / n^2`.'),
      subsequence: z.enum(['recent', 'random', 'weighted']).default('weighted').describe('Which events are kept.'),
    })
    .describe('A selection of the events of every long history: Zhai et al. 2024, section 3.2.'),
] as const;

/** The schema of the policies that are known by now. */
export function windowsConfigSchema(): z.ZodType<WindowsConfig, WindowsConfigInput> {
  const defined = definedWindows().map(({ policy, schema }) => schemaOf(policy, schema));
  return z
    .discriminatedUnion('policy', [...own, ...defined] as never)
    .describe(
      'Which part of every history an epoch trains on; the window is `model.maxSequenceLength`. Without it: the newest.',
    ) as never;
}

/** @throws ConfigError for what is no strict schema of zod of this policy. */
function schemaOf(policy: string, schema: object): z.ZodObject {
  const got = schemaProblem(schema, 'policy', policy);
  if (got === undefined) return schema as z.ZodObject;
  throw new ConfigError(
    `the windows ${policy}: expected a schema z.strictObject({ policy: z.literal('${policy}'), ... }); got ${got}`,
  );
}

export type WindowsConfig = z.output<(typeof own)[number]>;
export type WindowsConfigInput = z.input<(typeof own)[number]>;

/**
 * The policy that a configuration describes; nothing without `windows`.
 *
 * @throws ConfigError naming the key, for values that are wrong together.
 */
export function windowPolicy(config: {
  readonly windows?: WindowsConfig;
  readonly model: { readonly maxSequenceLength: number };
  readonly seed: number;
}): WindowPolicy | undefined {
  const { windows, seed } = config;
  const maxLength = config.model.maxSequenceLength;
  if (windows === undefined) return undefined;
  try {
    const defined = definedWindows().find(({ policy }) => policy === windows.policy);
    if (defined !== undefined) return checkedWindows(defined.create(windows, { maxLength, seed }));
    if (windows.policy === 'stochastic-length') {
      const { policy: _, ...options } = windows;
      return stochasticLength({ ...options, maxLength, seed });
    }
    if (windows.policy === 'control') return slidingWindows({ rule: 'control', maxLength, seed });
    const { policy: rule, maxHistory, ...options } = windows;
    const limit = maxHistory === 'all' ? {} : { maxHistory };
    const policy = slidingWindows({ ...withoutBudget(options), ...limit, rule, maxLength, seed });
    return 'budget' in windows && windows.budget === 'steps' ? equalSteps(policy, { seed }) : policy;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new ConfigError(`windows: ${error.message.replace(/^\w+: /, '')}`);
  }
}

function withoutBudget<T extends object>(options: T): Omit<T, 'budget'> {
  const { budget: _, ...rest } = options as T & { readonly budget?: unknown };
  return rest;
}
