import {
  Adagrad,
  AdamW,
  type DenseOptimizer,
  type MatrixBlocks,
  Muon,
  type RowLayout,
  type RowStore,
  RowwiseAdagrad,
  RowwiseAdagradColumns,
  RowwiseAdamW,
  RowwiseAdamWColumns,
  StoredRowwiseAdagrad,
  StoredRowwiseAdamW,
  type TableColumns,
} from '@seqrec/core';
import type * as tf from '@tensorflow/tfjs-core';
import { declarationOf } from '../layers/layer.ts';
import type { TableShard } from '../layers/table-shard.ts';
import { shardOf } from '../layers/table-shards.ts';
import type { EmbeddingTable, Model } from '../model.ts';
import type { OptimizerConfig } from './optimizer-config.ts';
import { withAllColumns } from './sharded-rows.ts';

/** What one group of weights is trained by. */
interface Rule {
  readonly kind: OptimizerConfig['kind'];
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** Weights that share a rule; gradients go by the names of variables. */
export interface WeightGroup {
  readonly optimizer: DenseOptimizer;
  /** Of the schedule's factor 1. */
  readonly learningRate: number;
  readonly variables: ReadonlySet<string>;
  /** What the optimiser keeps of each weight. */
  readonly slots: readonly string[];
}

const SLOTS = { adamw: ['m', 'v'], adagrad: ['sum'], muon: ['momentum'] } as const;

export type RowOptimizer = RowwiseAdamW | RowwiseAdagrad | RowwiseAdamWColumns | RowwiseAdagradColumns;
export type StoredRowOptimizer = StoredRowwiseAdamW | StoredRowwiseAdagrad;

/** The dense optimisers of a model, one a rule, without the tables that are trained by rows. */
export function weightGroups(model: Model, options: OptimizerConfig, rowwise: readonly string[]): WeightGroup[] {
  const byRows = new Set(rowwise.map((name) => model.tables().get(name)?.variable));
  const tables = new Set(Array.from(model.tables().values(), ({ variable }) => variable as tf.Variable));
  const members = new Map<string, { readonly rule: Rule; readonly variables: tf.Variable[] }>();
  for (const variable of model.variables().values()) {
    if (byRows.has(variable as EmbeddingTable['variable'])) continue;
    const rule = ruleOf(variable, tables.has(variable), options);
    const key = JSON.stringify(rule);
    const group = members.get(key) ?? { rule, variables: [] };
    members.set(key, group);
    group.variables.push(variable);
  }
  return Array.from(members.values(), ({ rule, variables }) => ({
    optimizer: optimizerOf(rule, variables, options),
    learningRate: rule.learningRate,
    variables: new Set(variables.map(({ name }) => name)),
    slots: SLOTS[rule.kind],
  }));
}

/** The optimiser of the rows of a table. */
export function rowOptimizer({ variable }: EmbeddingTable, options: OptimizerConfig): RowOptimizer {
  const { kind, ...numbers } = tableRule(options);
  const { beta1, beta2, epsilon } = options;
  const shard = shardOf(variable);
  if (shard?.partition === 'columns') {
    const columns = columnsOf(shard);
    return kind === 'adagrad'
      ? new RowwiseAdagradColumns(variable, columns, numbers)
      : new RowwiseAdamWColumns(variable, columns, { ...numbers, beta1, beta2, epsilon });
  }
  if (kind === 'adagrad') return new RowwiseAdagrad(variable, numbers);
  return new RowwiseAdamW(variable, { ...numbers, beta1, beta2, epsilon });
}

function columnsOf(shard: TableShard): TableColumns {
  const { from } = shard.columnsOf(shard.ranks.rank);
  return { from, width: shard.width, withAll: (own, count) => withAllColumns(shard, own, count) };
}

/** The same of a table in a store. */
export function storedRowOptimizer(store: RowStore, options: OptimizerConfig): StoredRowOptimizer {
  const { kind, ...numbers } = tableRule(options);
  if (kind === 'adagrad') return new StoredRowwiseAdagrad(store, numbers);
  const { beta1, beta2, epsilon } = options;
  return new StoredRowwiseAdamW(store, { ...numbers, beta1, beta2, epsilon });
}

/** What the store of a table of width `D` must have room for under the options of an optimiser. */
export function storedStateOf(
  width: number,
  options: Pick<OptimizerConfig, 'kind' | 'learningRate' | 'weightDecay' | 'tables'>,
): Pick<RowLayout, 'stateWidth' | 'initialState'> {
  const { kind, ...numbers } = tableRule(options);
  return kind === 'adagrad' ? StoredRowwiseAdagrad.stateOf(numbers) : StoredRowwiseAdamW.stateOf(width);
}

/** Learning rate of the tables, of the schedule's factor 1. */
export function tableLearningRate(options: OptimizerConfig): number {
  return tableRule(options).learningRate;
}

/** The kind of rule that tables are trained by. */
export function tableRuleKind(options: OptimizerConfig): 'adamw' | 'adagrad' {
  return tableRule(options).kind === 'adagrad' ? 'adagrad' : 'adamw';
}

function tableRule({
  kind,
  learningRate,
  weightDecay,
  tables = {},
}: Pick<OptimizerConfig, 'kind' | 'learningRate' | 'weightDecay' | 'tables'>): Rule {
  return {
    kind: tables.kind ?? (kind === 'muon' ? 'adamw' : kind),
    learningRate: tables.learningRate ?? learningRate,
    weightDecay: tables.weightDecay ?? weightDecay,
  };
}

function ruleOf(variable: tf.Variable, isTable: boolean, options: OptimizerConfig): Rule {
  if (isTable) return tableRule(options);
  const { kind, learningRate, weightDecay, decayVectors, muon } = options;
  const own = variable.rank < 2 && !decayVectors ? 0 : weightDecay;
  if (kind !== 'muon') return { kind, learningRate, weightDecay: own };
  if (variable.rank !== 2 || declarationOf(variable)?.isTable) return { kind: 'adamw', learningRate, weightDecay: own };
  return { kind, learningRate: muon?.learningRate ?? learningRate, weightDecay: own };
}

function optimizerOf(rule: Rule, variables: readonly tf.Variable[], options: OptimizerConfig): DenseOptimizer {
  const { learningRate, weightDecay } = rule;
  switch (rule.kind) {
    case 'adagrad':
      return new Adagrad({ learningRate, weightDecay });
    case 'muon': {
      const { momentum = 0.95, nesterov = true, scale = 'adamw', byBlock = true } = options.muon ?? {};
      const blocks: Record<string, MatrixBlocks> = {};
      const inOut = variables.filter((variable) => declarationOf(variable)?.isInOut).map(({ name }) => name);
      for (const variable of byBlock ? variables : []) {
        const declared = declarationOf(variable)?.blocks;
        if (declared !== undefined) blocks[variable.name] = declared;
      }
      return new Muon({ learningRate, weightDecay, momentum, nesterov, scale, blocks, inOut });
    }
    case 'adamw': {
      const { beta1, beta2, epsilon } = options;
      return new AdamW({ learningRate, weightDecay, beta1, beta2, epsilon });
    }
  }
}
