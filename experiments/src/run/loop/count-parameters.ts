import { isRunning, type Model } from '@seqrec/models';

interface ParameterCount {
  readonly total: number;
  readonly encoder: number;
}

/** Numbers of the weights of a model: all, and those that are no row of the item or position table. */
export function countParameters(model: Model): ParameterCount {
  const weights = weightsOf(model);
  const tables = weights.filter(([name]) => /_item_emb|_pos_emb|input\.positions/.test(name));
  return countOf(weights, tables);
}

/** The same of a model of rows: all, and those that are in no table of ids. */
export function countRowParameters(model: Model): ParameterCount {
  const tables = Array.from(model.tables(), ([name, { variable }]) => [name, variable] as const);
  return countOf(weightsOf(model), tables);
}

type Weights = readonly (readonly [string, { readonly size: number }])[];

/** Without running values, which are no parameters. */
function weightsOf(model: Model): Weights {
  return [...model.variables()].filter(([, variable]) => !isRunning(variable));
}

function countOf(weights: Weights, tables: Weights): ParameterCount {
  const size = (of: Weights): number => of.reduce((sum, [, each]) => sum + each.size, 0);
  return { total: size(weights), encoder: size(weights) - size(tables) };
}
