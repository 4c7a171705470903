import { UsageError } from '../../errors.ts';
import { printWarnings } from '../../terminal/print-warnings.ts';
import type { Progress } from '../../terminal/progress.ts';

import type { EvaluatedModel } from '../open/open-run.ts';
import { renderWindowTests } from './render-window-tests.ts';
import { evaluateWindowTests } from './window-tests.ts';

/**
 * `seqrec evaluate RUN --windows`. Who slides over old events has trained on them, so users must have been held out.
 */
export async function windowsCommand(
  { run, model, data, config, checkpoint, epoch, about }: EvaluatedModel,
  options: {
    /** Warnings of {@link chosenByItself}. */
    readonly chosenBy: readonly string[];
    readonly includeSeen?: boolean;
    readonly json: boolean;
    readonly progress: Progress;
  },
): Promise<number> {
  const { chosenBy, progress } = options;
  const { heldOut } = data;
  if (heldOut === undefined)
    throw new UsageError(
      '--windows: expected a run that kept users out of training; got one that trained on all',
      'train with --data.heldOut.share 0.1',
    );
  const { evaluation } = config;
  const excludeSeen = options.includeSeen ? false : evaluation.excludeSeen;
  const asked = { ...config, evaluation: { ...evaluation, excludeSeen } };
  const tests = await evaluateWindowTests(model, { ...data, heldOut }, { config: asked, progress });
  if (options.json) {
    console.log(JSON.stringify({ run: run.id, checkpoint, epoch, ...tests, warnings: chosenBy }, null, 2));
    return 0;
  }
  console.log(`${about}\n\n${renderWindowTests(tests)}`);
  printWarnings(chosenBy);
  console.log(`\n${tests.definition.map((line) => `- ${line}`).join('\n')}`);
  return 0;
}
