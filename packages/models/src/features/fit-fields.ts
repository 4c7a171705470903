import {
  applyTransform,
  checkFeatureColumns,
  type ExampleSet,
  OptionError,
  withDistinctLists,
  withoutHistories,
} from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { FeatureConfig } from './config.ts';
import { fitFeatures, fitHistoryColumns } from './fit.ts';
import type { FittedFeatures } from './fitted.ts';
import type { HistoryConfig } from './history-config.ts';

/**
 * Fits what the fields of a model of rows need to know on its training rows alone: vocabularies, quantiles and means
 * of its features, and which users and items are known. Columns of events are those of the event that is judged, and
 * columns of users and items are encoded here once, so that batches carry neither. What histories of rows hold is not
 * fitted on, as they may hold rows of another part; columns of their events are fitted on the training rows too.
 *
 * @param histories `training`: the histories are of the training part as well, as where next items are learned from
 *   them, and are fitted on; default `any`.
 * @throws ConfigError as {@link fitFeatures}, and for a column of events that tells what is to be predicted.
 */
export function fitFields(
  config: { readonly features?: readonly FeatureConfig[]; readonly userHistory?: Partial<HistoryConfig> },
  given: ExampleSet,
  { histories = 'any' }: { readonly histories?: 'training' | 'any' } = {},
): Required<FittedFeatures> {
  const { interactions } = given;
  const train = histories === 'training' ? given : withoutHistories(given);
  const fitted = fitFeatures({ features: config.features ?? [] }, train) as FittedFeatures;
  const { features, items, trained } = fitted;
  if (config.userHistory?.times && interactions.hasTimestamps === false) {
    throw new ConfigError(
      `model config: userHistory.times: expected times; got none in ${interactions.name}; set model.userHistory.times to false`,
      'userHistory',
    );
  }
  const columns = new Map<string, ReturnType<typeof applyTransform>>();
  for (const { name, table, transform } of features) {
    if (table === 'events') checkKnownBefore(transform.columns, train);
    if (table !== 'users') continue;
    const given = transform.columns.map((column) => interactions.userTable.columns.get(column)!);
    columns.set(name, withDistinctLists(applyTransform(transform, given)));
  }
  const known = new Uint8Array(interactions.numUsers);
  for (const user of train.users) known[user] = 1;
  const ofHistories = fitHistoryColumns(config.userHistory?.columns ?? [], train);
  return { features: [...features, ...ofHistories], items, trained, users: { columns, trained: known } };
}

function checkKnownBefore(columns: readonly string[], { interactions }: ExampleSet): void {
  try {
    checkFeatureColumns(interactions.roles, columns, 'model config: features');
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new ConfigError(error.message, 'features', { cause: error });
  }
}
