import type { Model, Trainer } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import { betterOf, type Judge, type SetFigures } from './figures.ts';

/**
 * Tells a learning rate that falls on a plateau how the run does. Gives what to say when it falls.
 *
 * @param value of the metric that chooses the best checkpoint, which counts where the schedule names none.
 * @throws RunError where the metric of the schedule has no value, which a checkpoint could not hold.
 */
export function observePlateau<M extends Model, E extends SetFigures>(
  { options, update }: Pick<Trainer<M>, 'options' | 'update'>,
  { metrics }: SetFigures,
  value: number,
  { better, selectBy, known }: Pick<Judge<M, E>, 'better' | 'selectBy' | 'known'>,
): string | undefined {
  const { schedule, learningRate } = options;
  if (schedule?.kind !== 'plateau') return undefined;
  const { metric, patience } = schedule;
  const seen = metric === undefined ? value : metrics[metric];
  if (seen === undefined)
    throw new RunError(
      `optimizer.schedule.metric: expected a metric that has a value after every epoch; got ${metric} without; use one of ${Object.keys(metrics).join(', ')}`,
    );
  const before = update.plateau.factor;
  update.observe(seen, metric === undefined ? better : betterOf(metric, known));
  const after = update.plateau.factor;
  if (after === before) return undefined;
  const rate = Number((learningRate * after).toPrecision(6));
  return `no better ${metric ?? selectBy} for ${evaluations(patience + 1)}; the learning rate falls to ${rate}`;
}

/** A number of evaluations in words. */
export function evaluations(count: number): string {
  return count === 1 ? 'an evaluation' : `${count} evaluations`;
}
