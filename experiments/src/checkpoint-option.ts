import { choiceOption } from './arguments.ts';

/** For `option()` of commands that open a run. */
export const CHECKPOINT = [
  '--checkpoint <name>',
  'best or last (default: the one that the run was tested with)',
] as const;

/** @throws UsageError for another name. */
export const checkpointOption = (value: unknown): 'best' | 'last' | undefined =>
  choiceOption('checkpoint', value, ['best', 'last'] as const);
