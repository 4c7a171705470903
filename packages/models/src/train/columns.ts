import type { BatchColumns } from '@seqrec/data';
import type { Model } from '../model.ts';
import type { Task } from '../tasks/task.ts';

/** The further columns that a model and its task read of a batch. */
export function batchColumns({ columns = {} }: Model, task: Task): BatchColumns {
  const { columns: further } = task;
  if (further === undefined) return columns;
  const merged = <P extends keyof BatchColumns>(part: P): NonNullable<BatchColumns[P]>[number][] => [
    ...new Set([...(columns[part] ?? []), ...(further[part] ?? [])]),
  ];
  return {
    tokens: merged('tokens'),
    next: merged('next'),
    targets: merged('targets'),
    users: merged('users'),
    examples: merged('examples'),
  };
}
