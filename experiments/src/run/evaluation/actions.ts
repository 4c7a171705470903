import { evaluateActions } from '@seqrec/models';
import { windowed } from '../../data/dataset.ts';
import { formatMetric } from '../../terminal/format.ts';
import { printWarnings } from '../../terminal/print-warnings.ts';
import type { Progress } from '../../terminal/progress.ts';
import { renderDefinition, renderTable } from '../../terminal/table.ts';
import type { EvaluatedModel } from '../open/open-run.ts';
import { examplesOf } from './evaluate-set.ts';

/** `seqrec evaluate RUN --actions RATING`: ranking, how well the rating of each target is predicted from its item. */
export async function actionsCommand(
  { run, model, data, checkpoint, epoch, about }: EvaluatedModel,
  options: {
    readonly part: 'validation' | 'test';
    /** Warnings of {@link chosenByItself}. */
    readonly chosenBy: readonly string[];
    readonly positiveRating: number;
    readonly json: boolean;
    readonly progress: Progress;
  },
): Promise<number> {
  const { part, chosenBy, positiveRating } = options;
  const examples = windowed(examplesOf(data, part), model.maxSequenceLength);
  const phase = options.progress.phase();
  const onProgress = ({ done, total }: { done: number; total: number }): void =>
    phase.update({ label: 'actions, examples', done, total });
  const { metrics, definition, numEvents } = await evaluateActions({ model, examples, positiveRating, onProgress });
  phase.clear();
  if (options.json) {
    const results = { run: run.id, checkpoint, epoch, split: part, metrics, numEvents, warnings: chosenBy, definition };
    console.log(JSON.stringify(results, null, 2));
    return 0;
  }
  const rows = Object.entries(metrics).map(([metric, value]) => [metric, formatMetric(value)]);
  console.log(`${about}, ${part} set\n`);
  console.log(renderTable([{ title: 'metric' }, { title: 'value', align: 'right' }], rows));
  printWarnings(chosenBy);
  console.log(`\n${renderDefinition(definition)}`);
  return 0;
}
