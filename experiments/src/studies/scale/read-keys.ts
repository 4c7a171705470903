import type { Override } from '../../arguments.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { ConfigError, UsageError } from '../../errors.ts';

/** Of sections that a study reads in part, the keys that it reads; the others it reads whole. */
const READ: Readonly<Record<string, readonly string[]>> = {
  training: ['batchSize', 'parts', 'shuffle', 'weightAverage', 'renewTables'],
  evaluation: ['ks', 'batchSize', 'excludeSeen', 'ties', 'queryTime'],
  model: ['inputDropout', 'dropout', 'outputLength'],
};

/**
 * A study trains by steps and builds encoders of its own: what it would not read is refused, not ignored.
 *
 * @param model further keys of `model` that it reads.
 */
export function checkReadKeys(overrides: readonly Override[], model: readonly string[] = []): void {
  checkKeys(overrides, { ...READ, model: [...READ.model, ...model] });
}

/**
 * A replay trains and measures by its own clock, parts the events itself, and builds the model of its recipe, which it
 * reads whole.
 */
export function checkReplayedKeys(overrides: readonly Override[]): void {
  const { training, evaluation } = READ;
  const split = overrides.find(({ key }) => /^data\.split(\.|$)/.test(key));
  if (split !== undefined)
    throw new UsageError(
      `--${split.key}: expected no split in a replay, which parts the events by time itself; got ${split.text}`,
      'leave it out',
    );
  checkKeys(overrides, { training: [...training, 'epochs'], evaluation });
}

function checkKeys(overrides: readonly Override[], sections: Readonly<Record<string, readonly string[]>>): void {
  for (const { key } of overrides) {
    const [section, name] = key.split('.');
    const read = sections[section];
    if (read === undefined || name === undefined || read.includes(name)) continue;
    throw new UsageError(
      `--${key}: expected of ${section} what a study reads, ${read.join(', ')}; got ${name}`,
      section === 'model' ? 'sizes are --widths, --depths and --lengths, kinds are --encoders' : undefined,
    );
  }
}

/**
 * The configuration of a study that measures at marks, not after epochs.
 *
 * @throws ConfigError for a schedule that waits for evaluations.
 */
export function withoutPlateau(config: RecipeConfig): RecipeConfig {
  if (config.optimizer.schedule?.kind !== 'plateau') return config;
  throw new ConfigError(
    'optimizer.schedule.kind: expected a schedule of steps in a study, which evaluates at its marks alone; got plateau',
    'take constant, or a course of --optimizer.schedule.steps',
  );
}

/** How the learning rate runs, for the words of a report. */
export function scheduleInWords({ optimizer }: Pick<RecipeConfig, 'optimizer'>): string {
  const { kind = 'constant', warmupSteps = 0 } = optimizer.schedule ?? {};
  const rate = kind === 'constant' ? 'a constant learning rate' : `a learning rate by the schedule ${kind}`;
  return warmupSteps === 0 ? rate : `${rate} after ${warmupSteps} steps of warm-up`;
}
