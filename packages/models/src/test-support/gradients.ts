import type { SequenceBatch } from '@seqrec/data';
import type { Run } from '../layers/layer.ts';
import type { TokenEncoder } from '../model.ts';
import type { Objective } from '../objectives/objective.ts';
import { onlyPart } from '../tasks/part.ts';
import { retrievalTask } from '../tasks/retrieval.ts';
import type { Task } from '../tasks/task.ts';
import { type StepGradients, stepGradients } from '../train/gradients.ts';

interface Request {
  readonly model: TokenEncoder;
  readonly objective: Objective;
  readonly batch: SequenceBatch;
  readonly run: Run;
}

/** Loss and gradients of a batch as a whole. */
export function denseGradients(request: Request): Promise<StepGradients> {
  return gradientsOf(request, []);
}

/** The same with the item table as rows. */
export function rowwiseGradients(request: Request): Promise<StepGradients> {
  return gradientsOf(request, [...request.model.tables().keys()]);
}

function gradientsOf({ model, objective, batch, run }: Request, rowwise: readonly string[]): Promise<StepGradients> {
  const parts = [{ index: 0, batch, at: onlyPart(batch) }];
  return stepGradients({ model, task: retrievalTask(objective) as unknown as Task, parts, count: 1, run, rowwise });
}
