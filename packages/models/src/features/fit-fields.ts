import { applyTransform, checkFeatureColumns, type ExampleSet, OptionError, withDistinctLists } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from './config.ts';
import { fitFeatures } from './fit.ts';
import type { FittedFeatures } from './fitted.ts';

/**
 * Fits what the fields of a model of rows need to know on its training rows alone: vocabularies, quantiles and means
 * of its features, and which users and items are known. Columns of events are those of the event that is judged, and
 * columns of users and items are encoded here once, so that batches carry neither.
 *
 * @throws ConfigError as {@link fitFeatures}, and for a column of events that tells what is to be predicted.
 */
export function fitFields(
  config: { readonly features?: readonly FeatureConfig[] },
  train: ExampleSet,
): Required<FittedFeatures> {
  const { interactions } = train;
  const { features, items, trained } = fitFeatures({ features: config.features ?? [] }, train) as FittedFeatures;
  const columns = new Map<string, ReturnType<typeof applyTransform>>();
  for (const { name, table, transform } of features) {
    if (table === 'events') checkKnownBefore(transform.columns, train);
    if (table !== 'users') continue;
    const given = transform.columns.map((column) => interactions.userTable.columns.get(column)!);
    columns.set(name, withDistinctLists(applyTransform(transform, given)));
  }
  const known = new Uint8Array(interactions.numUsers);
  for (const user of train.users) known[user] = 1;
  return { features, items, trained, users: { columns, trained: known } };
}

function checkKnownBefore(columns: readonly string[], { interactions }: ExampleSet): void {
  try {
    checkFeatureColumns(interactions.roles, columns, 'model config: features');
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new ConfigError(error.message, 'features', { cause: error });
  }
}
