import { slidingRules } from '@seqrec/data';
import { isWorld } from '../../config/data-schema.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { type WindowsConfig, windowsConfigSchema } from '../../config/windows.ts';
import { watchedSet } from '../../data/dataset.ts';
import { UsageError } from '../../errors.ts';
import { formatCount } from '../../terminal/format.ts';
import { Progress } from '../../terminal/progress.ts';
import { runStudy } from '../study/run-study.ts';
import type { Arm } from '../study/study.ts';
import { armConfig, choosingBase, type ScaleOptions, type StudyBase, studyFolder } from './base.ts';
import type { Shape } from './encoders.ts';
import { type FactorReport, finishFactor } from './factor-report.ts';
import { checkReadKeys } from './read-keys.ts';

export interface FactorOptions extends ScaleOptions {
  /** Optimiser steps of every arm. */
  readonly steps: number;
  readonly width: number;
  readonly depth: number;
}

/** Measured at these shares of the steps, so that an arm that has learned too much shows it. */
const SHARES = [0.25, 0.5, 0.75, 1];

type FactorArm = Pick<Arm, 'factors' | 'users' | 'testedWindow'> & {
  readonly encoder: string;
  readonly name: string;
  readonly shape: Shape;
  readonly windows?: WindowsConfig;
};

/** `seqrec scale data`: the same steps on more and more users; always the same users are measured. */
export async function scaleData(options: FactorOptions & { readonly counts?: readonly number[] }): Promise<number> {
  checkReadKeys(options.overrides, ['maxSequenceLength']);
  const progress = new Progress({ quiet: options.quiet });
  const base = await choosingBase(options, progress);
  const numUsers = new Set(base.data.split.train.users).size;
  const counts = options.counts ?? halves(numUsers);
  const tooMany = counts.find((count) => count > numUsers);
  if (tooMany !== undefined)
    throw new UsageError(`--counts: expected at most the ${numUsers} users of the training set; got ${tooMany}`);
  const length = base.config.model.maxSequenceLength;
  const arms = options.encoders.flatMap((encoder) =>
    counts.map(
      (users): FactorArm => ({
        encoder,
        name: `u${users}`,
        users,
        factors: { users },
        shape: { width: options.width, depth: options.depth, length },
      }),
    ),
  );
  return runFactor('data', base, options, arms, { counts }, progress, {
    factor: 'users',
    axis: 'users in the training set (log scale)',
    title: 'Quality against the number of users',
    lead: `Every arm takes the same number of optimiser steps of the same batch size, on more and more users; smaller selections lie in larger ones. ${measuredInWords(base, options)}, whether or not their history was trained on: an encoder has no weights of its own for a user.`,
  });
}

export interface HistoryOptions extends FactorOptions {
  /** Events of history that arms use. */
  readonly lengths: readonly number[];
  /** Events that the sliding arms read, K; default: the least of the lengths. */
  readonly window?: number;
  /** Sliding policies beside the latest window. */
  readonly policies: readonly string[];
}

/**
 * `seqrec scale history`: the same steps on longer and longer histories. The latest window grows with the history; a
 * sliding policy reads K events of it in training and in use, from anywhere in the latest so many.
 */
export async function scaleHistory(options: HistoryOptions): Promise<number> {
  checkReadKeys(options.overrides);
  const progress = new Progress({ quiet: options.quiet });
  const { window = Math.min(...options.lengths), encoders, width, depth } = options;
  const lengths = [...new Set([window, ...options.lengths])].sort((a, b) => a - b);
  if (lengths[0] < window) throw new UsageError(`--lengths: expected at least --window ${window}; got ${lengths[0]}`);
  const policies = options.policies.map((policy) => slidingPolicy(policy, window));
  const base = await choosingBase(options, progress, holdUsersOut);
  const arm = (encoder: string, history: number, length: number, name: string, windows?: WindowsConfig): FactorArm => ({
    encoder,
    name: `${name}${history}`,
    factors: { history, window: windows?.policy ?? 'latest' },
    shape: { width, depth, length },
    testedWindow: window,
    ...(windows && { windows }),
  });
  const arms = encoders.flatMap((encoder) => [
    ...lengths.map((length) => arm(encoder, length, length, 'latest-')),
    ...policies.flatMap((policy) =>
      // At a history of K every policy is the latest window, bit for bit.
      lengths
        .slice(1)
        .map((history) => arm(encoder, history, window, `${policy.policy}-`, { ...policy, maxHistory: history })),
    ),
  ]);
  return runFactor('history', base, options, arms, { lengths, window, policies: options.policies }, progress, {
    factor: 'history',
    series: 'window',
    origin: { window: 'latest', history: window },
    quantities: ['older/MRR', 'older/perplexity', 'items/mAP'],
    axis: 'events of history used (log scale)',
    title: 'Quality against history',
    lead: `Every arm takes the same number of optimiser steps of the same number of users. "latest" trains on and reads the latest so many events, so that its cost grows with them; the sliding policies always read ${window}, in training from anywhere in the latest so many. Recent and older windows of ${window} events are of users held out of training; they are the same in every arm.`,
  });
}

function holdUsersOut(config: RecipeConfig): RecipeConfig {
  const { data, windows } = config;
  if (windows !== undefined)
    throw new UsageError(
      `scale history: expected a recipe without windows, which the study chooses; got ${windows.policy}`,
      'use --policies',
    );
  if (isWorld(data))
    throw new UsageError('scale history: expected a recipe on data with users; got a synthetic stream');
  return { ...config, data: { ...data, heldOut: data.heldOut ?? { share: 0.1, seed: 1 } } };
}

/** A policy of the study; `round-robin` steps by half a window, since neighbours at stride 1 are nearly equal. */
function slidingPolicy(name: string, window: number): Extract<WindowsConfig, { maxHistory: unknown }> {
  const stride = name === 'round-robin' ? { stride: Math.max(1, Math.floor(window / 2)) } : {};
  const parsed = windowsConfigSchema().safeParse({ policy: name, ...stride });
  if (parsed.success && 'maxHistory' in parsed.data) return parsed.data;
  const known = slidingRules.filter((rule) => rule !== 'control');
  throw new UsageError(`--policies: expected names among ${known.join(', ')}, with commas; got "${name}"`);
}

function runFactor(
  kind: string,
  base: StudyBase,
  options: FactorOptions,
  arms: readonly FactorArm[],
  request: Readonly<Record<string, unknown>>,
  progress: Progress,
  report: FactorReport,
): Promise<number> {
  const { encoders, objectives, steps, width, depth, evaluatedUsers } = options;
  const marks = [...new Set(SHARES.map((share) => Math.max(1, Math.round(share * steps))))];
  return runStudy({
    out: studyFolder(kind, base.name, options.out),
    kind,
    recipe: base.name,
    request: { config: base.config, encoders, objectives, steps, width, depth, evaluatedUsers, ...request },
    data: base.data,
    backend: options.backend,
    save: options.save,
    progress,
    evaluatedUsers,
    plan: async () => ({
      arms: arms.map(({ encoder, name, shape, windows, ...arm }) => ({
        ...arm,
        id: `${encoder}-${name}`,
        encoder,
        config: { ...armConfig(base.config, encoder, shape, objectives), ...(windows && { windows }) },
        unit: 'steps' as const,
        marks,
      })),
      notes: [],
    }),
    finish: (dir, plan, points) => finishFactor(dir, plan, points, report),
  });
}

/** All users, half of them, ... down to a thirty-second, parts of at least 10. */
function halves(users: number): number[] {
  return Array.from({ length: 6 }, (_, i) => Math.round(users / 2 ** (5 - i))).filter(
    (count) => count >= 10 || count === users,
  );
}

function measuredInWords({ data }: StudyBase, { evaluatedUsers }: ScaleOptions): string {
  const all = watchedSet(data.split).targets.length;
  return all <= evaluatedUsers
    ? 'All users are measured'
    : `${formatCount(evaluatedUsers)} of ${formatCount(all)} users are measured, evenly chosen`;
}
