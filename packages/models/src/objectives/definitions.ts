import type { Flops } from '../flops/flops.ts';
import type { TimeReader } from '../reads-times.ts';
import { withActions } from './actions.ts';
import { bceObjective, gbceObjective } from './bce.ts';
import { type ObjectiveConfig, type ObjectiveKind, objectiveSchemas } from './config.ts';
import type { ObjectiveData, ObjectiveDefinition } from './definition.ts';
import { candidateFlops, type ObjectiveWork, poolFlops, sceFlops } from './flops.ts';
import { fullSoftmaxObjective } from './full-softmax.ts';
import type { Objective } from './objective.ts';
import { poolSoftmaxObjective } from './pool-softmax.ts';
import { sampledSoftmaxObjective } from './sampled-softmax.ts';
import { sceObjective } from './sce.ts';
import { trainedItemsOf, withNegativesOf } from './trained-negatives.ts';

type ConfigOf<K extends ObjectiveKind> = Extract<ObjectiveConfig, { readonly kind?: K }>;
/** What an objective's own function takes. */
type Own<C> = Omit<C, 'kind' | 'actionWeight' | 'negativeItems'>;

/** The objectives of this package: a line each. */
export const ownObjectives: readonly ObjectiveDefinition<never>[] = [
  define('sampled-softmax', sampledSoftmaxObjective, { flops: negativeFlops }),
  define(
    'pool-softmax',
    (config, { frequencies }, numNegativeItems) => {
      const { logQ, labels, sketch } = config;
      const shares = logQ === 'none' ? undefined : frequencies(labels, logQ === 'sketch' ? (sketch ?? {}) : undefined);
      return poolSoftmaxObjective(config, shares, numNegativeItems);
    },
    { flops: poolFlops },
  ),
  define('full-softmax', fullSoftmaxObjective, {
    scoresAllItems: true,
    flops: (_, work) => candidateFlops(work.numItems, work),
  }),
  define('bce', bceObjective, { flops: negativeFlops }),
  define('gbce', (config, _, numNegativeItems) => gbceObjective(config, numNegativeItems), { flops: negativeFlops }),
  define('sce', sceObjective, { scoresAllItems: true, flops: sceFlops }),
];

/** Of an objective that draws negatives for each label. */
function negativeFlops({ numNegatives }: { readonly numNegatives: number }, work: ObjectiveWork): Flops {
  return candidateFlops(numNegatives, work);
}

/** An objective with what all of them have: negatives of trained items alone, and a share of predicted actions. */
function define<K extends ObjectiveKind>(
  kind: K,
  create: (config: Own<ConfigOf<K>>, data: ObjectiveData, numNegativeItems?: number) => Objective,
  about: Pick<ObjectiveDefinition<ConfigOf<K>>, 'scoresAllItems' | 'flops'>,
): ObjectiveDefinition<never> {
  const definition: Omit<ObjectiveDefinition<ConfigOf<K>>, 'schema'> = {
    kind,
    ...about,
    create: (config, data) => {
      const {
        kind: _,
        actionWeight,
        negativeItems,
        ...own
      } = config as ObjectiveConfig & {
        readonly negativeItems?: 'all' | 'trained';
      };
      const items = negativeItems === 'trained' ? trainedItemsOf(data.examples) : undefined;
      const made = create(own as unknown as Own<ConfigOf<K>>, data, items?.length);
      const plain = own.labels.kind === 'masked' ? { ...made, hidesEvents: true } : made;
      const objective = items === undefined ? plain : withNegativesOf(plain, items);
      return actionWeight === 0 ? objective : withActions(objective, actionWeight);
    },
    timeReaders: labelTimeReaders,
  };
  return { ...definition, schema: objectiveSchemas[kind] } as unknown as ObjectiveDefinition<never>;
}

/** Labels of the days after an event read times. */
function labelTimeReaders({ labels }: Pick<ObjectiveConfig, 'labels'>): TimeReader[] {
  return 'windowDays' in labels ? [{ key: 'labels.kind', value: labels.kind, without: 'next-item' }] : [];
}
