import { tableRuleKind } from '../train/groups.ts';
import { LARGEST_DENSE_TABLE } from '../train/options.ts';
import { slotShapes } from '../train/slots.ts';
import type { Trainer } from '../train/trainer.ts';
import type { OwnedWeight } from './owned-weights.ts';
import type { TableStandIn } from './reads.ts';
import { readTables } from './simulate.ts';
import type { DenseWeights } from './step-time.ts';
import { FLOAT, type PlannedTable } from './table-bytes.ts';

/** What a trainer has to place. */
export interface TrainerWeights {
  readonly tables: readonly PlannedTable[];
  readonly dense: DenseWeights;
  /** Bytes of the dense weights with moments, mean and gradient. */
  readonly denseBytes: number;
  /** The dense weights that are trained, one by one: what ranks may own. */
  readonly ownable: readonly OwnedWeight[];
}

/** The tables and the dense weights of a trainer, trained as its options say. */
export function trainerWeights(trainer: Trainer, standIn?: TableStandIn): TrainerWeights {
  const { model, options, update } = trainer;
  const averaged = update.average !== undefined;
  const shared = {
    rule: tableRuleKind(options),
    trained: options.embeddings === 'rowwise' ? ('rows' as const) : ('dense' as const),
    regularised: model.penalty !== undefined,
    averaged,
  };
  const tables = readTables(trainer, standIn).map((table) => {
    const grown = table.name === standIn?.table && table.rows * table.width > LARGEST_DENSE_TABLE;
    // What `auto` makes of a table of that size.
    const byRows = grown && trainer.task.namesItems && !shared.regularised;
    const frozen = model.tables().get(table.name)?.variable.trainable === false;
    return { ...table, ...shared, ...(byRows && { trained: 'rows' as const }), ...(frozen && { frozen }) };
  });
  const variables = model.variables();
  let [numbers, bytes] = [0, 0];
  const ownable: OwnedWeight[] = [];
  for (const [name, variable] of variables) {
    if (model.tables().has(name)) continue;
    const slots = variable.trainable ? slotShapes(update, name, variable).size + 1 : 0;
    if (variable.trainable) {
      numbers += variable.size;
      ownable.push({ numbers: variable.size, state: FLOAT * variable.size * (slots - 1) });
    }
    bytes += FLOAT * variable.size * (1 + slots + (averaged ? 1 : 0));
  }
  return { tables, dense: { numbers, variables: variables.size }, denseBytes: bytes, ownable };
}
