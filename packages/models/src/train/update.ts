import { type PlateauState, plateauNext, plateauStart, type Schedule, schedule, WeightAverage } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { isRunning } from '../layers/layer.ts';
import type { Model } from '../model.ts';
import { clipGradients } from './clip.ts';
import type { StepGradients } from './gradients.ts';
import {
  type RowOptimizer,
  rowOptimizer,
  type StoredRowOptimizer,
  storedRowOptimizer,
  tableLearningRate,
  type WeightGroup,
  weightGroups,
} from './groups.ts';
import type { ScheduleConfig } from './optimizer-config.ts';
import type { ResolvedOptions } from './options.ts';
import type { WeightOwners } from './weight-owners.ts';

/** The second half of a step: gradients in, weights changed. Clip, learning rate of the step, apply, average. */
export class Update {
  readonly #model: Model;
  readonly #options: ResolvedOptions;
  readonly #schedule: Schedule;
  /** Of the tables in stores, by name among the weights; what they keep of rows is in the stores. */
  readonly #stored: ReadonlyMap<string, StoredRowOptimizer>;
  /** The weights by rule, without the tables that are trained by rows. */
  readonly groups: readonly WeightGroup[];
  /** By name among the weights. */
  readonly rows: ReadonlyMap<string, RowOptimizer>;
  /** Who keeps what of the dense weights; absent: this rank everything. */
  readonly owners: WeightOwners | undefined;
  /** Of all weights, where the options ask for one. */
  readonly average: WeightAverage | undefined;
  /** Where the rate stands that falls on a plateau. */
  plateau: PlateauState = plateauStart;

  constructor(model: Model, options: ResolvedOptions, rowwise: readonly string[], owners?: WeightOwners) {
    this.#model = model;
    this.owners = owners;
    this.#options = options;
    this.#schedule = scheduleOf(options.schedule);
    this.groups = weightGroups(model, options, rowwise);
    const rows = new Map<string, RowOptimizer>();
    const stored = new Map<string, StoredRowOptimizer>();
    for (const name of rowwise) {
      const table = model.tables().get(name)!;
      if (table.store === undefined) rows.set(name, rowOptimizer(table, options));
      else stored.set(name, storedRowOptimizer(table.store, options));
    }
    this.rows = rows;
    this.#stored = stored;
    const { weightAverage } = options;
    this.average = weightAverage && new WeightAverage({ kind: 'exponential', decay: weightAverage.decay });
  }

  /** What learning rates are multiplied by at a step, from 0. */
  factor(step: number): number {
    return this.#schedule(step) * this.plateau.factor;
  }

  /** A value of the metric that a plateau is seen by; nothing for other schedules. */
  observe(value: number, better: 'larger' | 'smaller'): void {
    const { schedule: config } = this.#options;
    if (config?.kind !== 'plateau') return;
    const { factor, patience, threshold, cooldown, floor } = config;
    const mode = better === 'larger' ? 'max' : 'min';
    this.plateau = plateauNext(this.plateau, value, { mode, factor, patience, threshold, cooldown, floor });
  }

  /** Steps so far. */
  get iterations(): number {
    return this.groups[0]?.optimizer.iterations ?? 0;
  }

  async apply(gradients: StepGradients, step: number): Promise<void> {
    const { clipNorm } = this.#options;
    if (clipNorm === undefined) return this.#apply(gradients, step);
    const clipped = await clipGradients(this.#model, gradients, clipNorm);
    try {
      await this.#apply(clipped, step);
    } finally {
      tf.dispose([clipped.dense, ...Array.from(clipped.rows.values(), ({ grad }) => grad)]);
    }
  }

  async #apply({ dense: all, rows, moved }: Omit<StepGradients, 'loss' | 'weight'>, step: number): Promise<void> {
    const factor = this.factor(step);
    const dense = this.owners?.pick(all) ?? all;
    for (const { optimizer, learningRate, variables } of this.groups) {
      optimizer.learningRate = learningRate * factor;
      const own = this.groups.length === 1 ? dense : pick(dense, variables);
      tf.tidy(() => optimizer.applyGradients(own));
    }
    await this.owners?.share(moved ?? new Set(Object.keys(all)));
    const ofTables = tableLearningRate(this.#options) * factor;
    for (const [name, optimizer] of [...this.rows, ...this.#stored]) {
      optimizer.learningRate = ofTables;
      const own = rows.get(this.#model.tables().get(name)!.variable.name);
      if (own !== undefined) await optimizer.step(own.ids, own.grad);
    }
    this.average?.update(averagedWeights(this.#model));
  }

  /** Runs with averaged weights in the place of the model's, where there are averages. */
  async averaged<T>(run: () => Promise<T>): Promise<T> {
    const { average } = this;
    if (average === undefined || average.updates === 0) return run();
    const weights = averagedWeights(this.#model);
    average.exchange(weights);
    try {
      return await run();
    } finally {
      average.exchange(weights);
    }
  }

  /** Frees moments and averages. */
  dispose(): void {
    for (const { optimizer } of this.groups) optimizer.dispose();
    for (const optimizer of this.rows.values()) optimizer.dispose();
    this.average?.dispose();
  }
}

/** The weights that have averages: all but running values, which are means already and lag no further. */
export function averagedWeights(model: Model): ReadonlyMap<string, tf.Variable> {
  return new Map([...model.variables()].filter(([, variable]) => !isRunning(variable)));
}

function scheduleOf(config: ScheduleConfig | undefined): Schedule {
  if (config === undefined) return () => 1;
  const { kind, warmupSteps, warmupFrom, ...course } = config;
  const warmUp = { steps: warmupSteps, from: warmupFrom };
  // A plateau's rate is constant but for what the metric says.
  if (kind === 'plateau') return schedule({ warmUp });
  return schedule({ warmUp, course: { kind, ...course } as never });
}

function pick(gradients: tf.NamedTensorMap, names: ReadonlySet<string>): tf.NamedTensorMap {
  return Object.fromEntries(Object.entries(gradients).filter(([name]) => names.has(name)));
}
