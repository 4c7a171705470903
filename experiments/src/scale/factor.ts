import { UsageError } from '../errors.ts';
import { runStudy } from '../study/run-study.ts';
import type { Arm } from '../study/study.ts';
import { Progress } from '../terminal/progress.ts';
import { armConfig, type ScaleOptions, type StudyBase, studyBase, studyFolder } from './base.ts';
import type { Shape } from './encoders.ts';
import { type FactorReport, finishFactor } from './factor-report.ts';

export interface FactorOptions extends ScaleOptions {
  /** Optimiser steps of every arm. */
  readonly steps: number;
  readonly width: number;
  readonly depth: number;
}

/** Measured at these shares of the steps, so that an arm that has learned too much shows it. */
const SHARES = [0.25, 0.5, 0.75, 1];

type FactorArm = Pick<Arm, 'factors' | 'users'> & {
  readonly encoder: string;
  readonly name: string;
  readonly shape: Shape;
};

/** `seqrec scale data`: the same steps on more and more users; always the same users are measured. */
export async function scaleData(options: FactorOptions & { readonly counts?: readonly number[] }): Promise<number> {
  const progress = new Progress({ quiet: options.quiet });
  const base = await studyBase(options, progress);
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
    lead: 'Every arm takes the same number of optimiser steps of the same batch size, on more and more users; smaller selections lie in larger ones. All users are measured, whether or not their history was trained on: an encoder has no weights of its own for a user.',
  });
}

/** `seqrec scale history`: the same steps on longer and longer histories. */
export async function scaleHistory(options: FactorOptions & { readonly lengths: readonly number[] }): Promise<number> {
  const progress = new Progress({ quiet: options.quiet });
  const base = await studyBase(options, progress);
  const arms = options.encoders.flatMap((encoder) =>
    options.lengths.map(
      (length): FactorArm => ({
        encoder,
        name: `n${length}`,
        factors: { history: length, window: 'latest' },
        shape: { width: options.width, depth: options.depth, length },
      }),
    ),
  );
  return runFactor('history', base, options, arms, { lengths: options.lengths }, progress, {
    factor: 'history',
    axis: 'events of history used (log scale)',
    title: 'Quality against history',
    lead: 'Every arm takes the same number of optimiser steps of the same number of users; training and measuring look at the latest so many events of each. The candidates leave out the items of the whole history in every arm.',
  });
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
  const { encoders, steps, width, depth, evaluatedUsers } = options;
  const marks = [...new Set(SHARES.map((share) => Math.max(1, Math.round(share * steps))))];
  return runStudy({
    out: studyFolder(kind, base.name, options.out),
    kind,
    recipe: base.name,
    request: { config: base.config, encoders, steps, width, depth, evaluatedUsers, ...request },
    data: base.data,
    backend: options.backend,
    progress,
    evaluatedUsers,
    plan: async () => ({
      arms: arms.map(({ encoder, name, shape, ...arm }) => ({
        ...arm,
        id: `${encoder}-${name}`,
        encoder,
        config: armConfig(base.config, encoder, shape),
        unit: 'steps' as const,
        marks,
      })),
      notes: [],
    }),
    finish: (dir, plan, points) => finishFactor(dir, plan, points, report),
  });
}

/** All users, half of them, ... down to a thirty-second, at least 10. */
function halves(users: number): number[] {
  return Array.from({ length: 6 }, (_, i) => Math.round(users / 2 ** (5 - i))).filter((count) => count >= 10);
}
