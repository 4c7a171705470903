import {
  equalSteps,
  OptionError,
  scheduleOrders,
  slidingWindows,
  stochasticLength,
  type WindowPolicy,
} from '@seqrec/data';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';

const count = z
  .int()
  .positive()
  .max(2 ** 28);

/** X of N epochs take the newest window; later epochs go on in turns of N. */
const schedule = z
  .strictObject({
    /** N. */
    epochs: count,
    /** X; N of them are `control` bit for bit. */
    controlEpochs: z.int().min(0),
    order: z.enum(scheduleOrders).default('control-first'),
  })
  .optional();

const sliding = {
  /** Windows reach back over so many latest events: at least `model.maxSequenceLength`, which is `control`. */
  maxHistory: z.union([count, z.literal('all')]).default('all'),
  schedule,
};

/** Events between the starts of neighbouring windows. */
const stride = count.default(1);

/**
 * Rules that take several windows of a history. `epochs`: all of them, so that an epoch costs more steps than
 * `control`'s. `steps`: a selection, as many as there are histories, so that it takes as many steps.
 */
const budget = z.enum(['epochs', 'steps']).default('epochs');

/** Which part of every history an epoch trains on; the window is `model.maxSequenceLength`. Without it: the newest. */
export const WindowsConfigSchema = z.discriminatedUnion('policy', [
  z.strictObject({ policy: z.literal('control') }),
  z.strictObject({ policy: z.literal('one-random'), ...sliding, stride }),
  z.strictObject({ policy: z.literal('round-robin'), ...sliding, stride }),
  z.strictObject({
    policy: z.literal('weighted'),
    ...sliding,
    stride,
    /** Events; window i is drawn with weight exp(-i stride / decay). Default: the window. */
    decay: z.number().positive().optional(),
  }),
  z.strictObject({ policy: z.literal('all-windows'), ...sliding, stride, budget }),
  z.strictObject({
    policy: z.literal('strided-offset'),
    ...sliding,
    /** Epochs over which the offset runs through the window. */
    offsetEpochs: count.default(10),
    budget,
  }),
  z.strictObject({
    policy: z.literal('stochastic-length'),
    /** A history of n is cut to N^(alpha / 2) events with chance 1 - N^alpha / n^2. */
    alpha: z.number().gt(1).max(2),
    /** Which events are kept. */
    subsequence: z.enum(['recent', 'random', 'weighted']).default('weighted'),
  }),
]);

export type WindowsConfig = z.output<typeof WindowsConfigSchema>;

/** Policies by name. */
export const windowPolicies = WindowsConfigSchema.options.map((option) => option.shape.policy.value);

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
