import { availableParallelism } from 'node:os';
import {
  type ComputeCost,
  checkStandIn,
  explainPlacement,
  greedyPlacement,
  type Network,
  type PlanProblem,
  type StepLoad,
  simulateSteps,
  type Trainer,
  trainerWeights,
} from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { ConfigError } from '../../errors.ts';
import { countCompute, measureCompute } from '../../measure/plan/measure-compute.ts';
import { measureExchange } from '../../measure/plan/measure-exchange.ts';
import { type OpenTrainer, openTrainer } from '../../measure/plan/open-trainer.ts';
import type { BackendOptions } from '../../run/process/backend.ts';
import { Progress } from '../../terminal/progress.ts';
import { type ExplainedPlan, explained, type PlanPoint, pointOf, tooLarge } from './points.ts';

export interface PlanRequest {
  readonly recipe: string;
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
  readonly ranks: readonly number[];
  readonly networks: readonly Network[];
  /** Measures latency and bandwidth of `laptop` on this machine. */
  readonly measure: boolean;
  /** Steps that are simulated. */
  readonly steps: number;
  /** Bytes of a rank. */
  readonly memory?: number;
  /** Cores that the ranks of `laptop` share; default: those of this machine. */
  readonly cores?: number;
  /** The number of ranks whose placement is explained; default: the largest that fits. */
  readonly explain?: number;
  /** What a step of one rank takes; default: measured. */
  readonly compute:
    | { readonly kind: 'measured' }
    | { readonly kind: 'given'; readonly seconds: number; readonly fixed: number }
    | { readonly kind: 'rate'; readonly flopsPerSecond: number };
  /** Rows of the largest table, and the exponent of Zipf's law of its ids. */
  readonly standIn?: { readonly rows: number; readonly exponent: number };
  /** What the optimiser keeps of dense weights lies with owners, as in `train --shard-optimizer`. */
  readonly shardOptimizer?: boolean;
}

/** Predictions over one network. */
export interface NetworkPlan {
  readonly network: Network;
  /** Ranks that run at the same time, where they share cores. */
  readonly atOnce?: number;
  /** One rank first. */
  readonly points: readonly PlanPoint[];
  /** Numbers of ranks that the tables do not fit on, and what the planner said. */
  readonly refused: readonly { readonly ranks: number; readonly message: string }[];
  readonly explained?: ExplainedPlan;
}

/** What `seqrec plan` says. */
export interface PlanResult {
  readonly recipe: string;
  readonly data: string;
  readonly threads: number;
  readonly steps: number;
  /** Of a step, in the mean. */
  readonly sequences: number;
  readonly tokens: number;
  readonly tables: readonly {
    readonly name: string;
    readonly rows: number;
    readonly width: number;
    readonly frozen?: boolean;
  }[];
  /** Of the tables that are. */
  readonly trained: 'dense' | 'rows';
  readonly regularised: boolean;
  readonly denseNumbers: number;
  readonly shardOptimizer?: boolean;
  readonly compute: ComputeCost & { readonly source: string };
  readonly standIn?: { readonly table: string; readonly rows: number; readonly exponent: number };
  readonly memory?: number;
  readonly networks: readonly NetworkPlan[];
}

/** Simulates the steps of a recipe on each number of ranks, places its tables and predicts the time of a step. */
export async function planRecipe(request: PlanRequest): Promise<PlanResult> {
  const progress = new Progress({ quiet: request.quiet });
  const { networks: presets, measure, quiet: _, ...rest } = request;
  const subject = await openTrainer({ ...rest, quiet: request.quiet }, progress);
  const { trainer, choice } = subject;
  const standIn = standInOf(subject, request.standIn);
  if (standIn !== undefined) checkStandIn(standIn);
  try {
    progress.start();
    const compute = await computeOf(subject, request, progress);
    const networks = await Promise.all(
      presets.map((network) => (measure && network.name === 'laptop' ? measureExchange() : network)),
    );
    const weights = trainerWeights(trainer, standIn);
    const clipped = trainer.options.clipNorm !== undefined;
    const sharding = request.shardOptimizer ? { weights: weights.ownable, clipped } : undefined;
    const problems: Omit<PlanProblem, 'network'>[] = [];
    const counts = [...new Set([1, ...request.ranks])];
    for (const ranks of counts) {
      const onStep = (done: number): void =>
        progress.update({ label: `${ranks} ranks, steps`, done, total: request.steps, fields: [] });
      const steps = await simulateSteps(trainer, { ranks, steps: request.steps, standIn, onStep });
      problems.push({ ...weights, ranks, steps, memory: request.memory, ...(sharding && { sharding }) });
    }
    progress.clear();
    const threads = Number((choice.details as { threads?: number }).threads ?? 1);
    const [{ steps: alone }] = problems;
    return {
      recipe: subject.name,
      data: trainer.examples.interactions.name,
      ...{ threads, steps: request.steps, compute },
      sequences: meanOf(alone, ({ sequences }) => sequences[0]),
      tokens: meanOf(alone, ({ tokens }) => tokens[0]),
      tables: weights.tables.map(({ name, rows, width, frozen }) => ({ name, rows, width, ...(frozen && { frozen }) })),
      trained: weights.tables.find(({ frozen }) => !frozen)?.trained ?? 'dense',
      regularised: trainer.model.penalty !== undefined,
      denseNumbers: weights.dense.numbers,
      ...(sharding && { shardOptimizer: true }),
      ...(standIn && { standIn: { table: standIn.table, rows: standIn.rows, exponent: standIn.exponent } }),
      ...(request.memory !== undefined && { memory: request.memory }),
      networks: networks.map((network) => networkPlan(network, problems, compute, { ...request, threads })),
    };
  } finally {
    progress.clear();
    trainer.dispose();
    trainer.model.dispose();
  }
}

function networkPlan(
  network: Network,
  problems: readonly Omit<PlanProblem, 'network'>[],
  compute: ComputeCost,
  { cores, threads, explain }: Pick<PlanRequest, 'cores' | 'explain'> & { readonly threads: number },
): NetworkPlan {
  const atOnce =
    network.name === 'laptop' ? Math.max(1, Math.floor((cores ?? availableParallelism()) / threads)) : undefined;
  const cost: ComputeCost = { ...compute, ...(atOnce !== undefined && { atOnce }) };
  const points: PlanPoint[] = [];
  const refused: { ranks: number; message: string }[] = [];
  let shown: ExplainedPlan | undefined;
  for (const without of problems) {
    // One rank is what the others are compared with, whether it has room or not.
    const problem: PlanProblem = { ...without, network, ...(without.ranks === 1 && { memory: undefined }) };
    try {
      const placement = greedyPlacement(problem);
      points.push(pointOf(problem, placement, cost, points[0]?.seconds));
      if (problem.ranks > 1 && (explain === undefined || explain === problem.ranks))
        shown = explained(problem, placement, explainPlacement(problem, placement), cost);
    } catch (error) {
      if (!tooLarge(error)) throw error;
      refused.push({ ranks: problem.ranks, message: error.message });
      // Nothing is left to predict where the largest number of ranks has no room either.
      if (points.length === 1 && without === problems[problems.length - 1]) throw error;
    }
  }
  return { network, ...(atOnce !== undefined && { atOnce }), points, refused, ...(shown && { explained: shown }) };
}

async function computeOf(
  { trainer, choice }: OpenTrainer,
  { compute, steps }: PlanRequest,
  progress: Progress,
): Promise<PlanResult['compute']> {
  switch (compute.kind) {
    case 'measured': {
      const measured = await measureCompute(trainer, (done, total) =>
        progress.update({ label: 'measured steps', done, total, fields: [] }),
      );
      return { ...measured, source: 'measured here: steps of the batch, an eighth and a 64th of it, in turn' };
    }
    case 'rate': {
      const counted = await countCompute(trainer, choice.name, compute.flopsPerSecond);
      return { ...counted, source: `operations of one step at ${compute.flopsPerSecond / 1e9} GFLOP/s` };
    }
    case 'given': {
      const loads = await simulateSteps(trainer, { ranks: 1, steps });
      const units = meanOf(loads, ({ cost }) => cost[0]);
      const { seconds, fixed } = compute;
      return { fixed, perCost: (seconds - fixed) / units, source: `given: ${1000 * seconds} ms a step of one rank` };
    }
  }
}

/**
 * The stand-in of the largest table.
 *
 * @throws ConfigError where there is none, and where negatives are of the data's items or all items are scored.
 */
function standInOf({ trainer, config, name }: OpenTrainer, given: PlanRequest['standIn']) {
  if (given === undefined) return undefined;
  const table = largestTable(trainer);
  if (table === undefined)
    throw new ConfigError(
      `--rows: expected a recipe with a table that can be cut up; got ${name}, whose model '${trainer.model.kind}' has none`,
    );
  const { objective = {} } = config as {
    readonly objective?: { readonly kind?: string; readonly negativeItems?: string };
  };
  const { kind = 'sampled-softmax', negativeItems } = objective;
  if (!trainer.task.namesItems)
    throw new ConfigError(
      `--rows: expected a loss that names the items of a step; got objective.kind ${kind}, which scores every row, and whose work is known over the ${trainer.model.numItems} items of the data alone`,
      'set --objective.kind sampled-softmax, or leave --rows out',
    );
  if (negativeItems === 'trained')
    throw new ConfigError(
      '--rows: expected negatives among all items; got objective.negativeItems trained',
      'set --objective.negativeItems all',
    );
  return { ...given, table, seed: config.seed };
}

function largestTable({ model }: Trainer): string | undefined {
  const tables = [...model.tables()].sort(([, a], [, b]) => b.variable.size - a.variable.size);
  return tables[0]?.[0];
}

function meanOf(loads: readonly StepLoad[], read: (load: StepLoad) => number): number {
  return loads.reduce((sum, load) => sum + read(load), 0) / loads.length;
}
