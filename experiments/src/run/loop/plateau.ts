import type { Model, Trainer } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import { betterOf, type Judge, type SetFigures } from './figures.ts';

/**
 * Tells a learning rate that falls on a plateau how the run does. Gives what to say when it falls.
 * The metric is that of the schedule, or that which chooses the best checkpoint; ties count in it as they do there.
 *
 * @throws RunError where the metric of the schedule has no value, which a checkpoint could not hold.
 */
export function observePlateau<M extends Model, E extends SetFigures>(
  { options, update }: Pick<Trainer<M>, 'options' | 'update'>,
  figures: E,
  { value, better, selectBy, known }: Pick<Judge<M, E>, 'value' | 'better' | 'selectBy' | 'known'>,
): string | undefined {
  const { schedule, learningRate } = options;
  if (schedule?.kind !== 'plateau') return undefined;
  const { metric, patience } = schedule;
  const { metrics } = figures;
  if (metric !== undefined && metrics[metric] === undefined)
    throw new RunError(
      `optimizer.schedule.metric: expected a metric that has a value after every epoch; got ${metric} without; use one of ${Object.keys(metrics).join(', ')}`,
    );
  const before = update.plateau.factor;
  update.observe(value(figures, metric ?? selectBy), metric === undefined ? better : betterOf(metric, known));
  const after = update.plateau.factor;
  if (after === before) return undefined;
  const rate = Number((learningRate * after).toPrecision(6));
  return `no better ${metric ?? selectBy} for ${evaluations(patience + 1)}; the learning rate falls to ${rate}`;
}

/** A number of evaluations in words. */
export function evaluations(count: number): string {
  return count === 1 ? 'an evaluation' : `${count} evaluations`;
}
