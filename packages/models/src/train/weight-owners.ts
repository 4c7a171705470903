import type { Collective } from '@seqrec/core/collectives';
import type * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import { shardOf } from '../layers/table-shards.ts';
import type { Model } from '../model.ts';
import { assignValues } from '../parameters.ts';
import { assignOwners } from './assign-owners.ts';

interface OwnedWeight {
  /** Among the weights of the model: the same on every rank, as that of the variable is not. */
  readonly name: string;
  readonly variable: tf.Variable;
  readonly owner: number;
}

/**
 * Who keeps the moments of a weight: each dense weight that is trained has one owner among the ranks, which alone takes
 * the steps of it; the new values then go to all. Tables that are trained by rows have none: every rank steps them, or
 * each its own rows.
 *
 * Source: Rajbhandari et al. 2020, stage 1 (arXiv:1910.02054), by whole weights as
 * `torch.distributed.optim.ZeroRedundancyOptimizer`.
 */
export class WeightOwners {
  readonly ranks: Collective;
  readonly #weights: readonly OwnedWeight[];
  /** By the name of the variable. */
  readonly #owners: ReadonlyMap<string, number>;
  readonly #moved = new Set<string>();
  #agreed: Promise<void> | undefined;

  /** @param rowwise names of the tables that are trained by rows. */
  constructor(model: Model, rowwise: readonly string[], ranks: Collective) {
    this.ranks = ranks;
    const without = new Set(rowwise);
    const weights = [...model.variables()].filter(
      ([name, variable]) => variable.trainable && !without.has(name) && shardOf(variable) === undefined,
    );
    const owners = assignOwners(
      weights.map(([, { size }]) => size),
      ranks.size,
    );
    this.#weights = weights.map(([name, variable], w) => ({ name, variable, owner: owners[w] }));
    this.#owners = new Map(this.#weights.map(({ variable, owner }) => [variable.name, owner]));
  }

  /** The rank that owns a weight; nothing for one that has no owner. */
  ownerOf({ name }: Pick<tf.Variable, 'name'>): number | undefined {
    return this.#owners.get(name);
  }

  /** Whether this rank keeps the moments of a variable and takes its steps. */
  owns(variable: Pick<tf.Variable, 'name'>): boolean {
    return this.ownerOf(variable) === this.ranks.rank;
  }

  /** Numbers of the weights that each rank owns. */
  get load(): number[] {
    const load = new Array<number>(this.ranks.size).fill(0);
    for (const { variable, owner } of this.#weights) load[owner] += variable.size;
    return load;
  }

  /** Compares once what the ranks own. @throws ConfigError on every rank, naming a weight. */
  agree(): Promise<void> {
    this.#agreed ??= this.#compare();
    return this.#agreed;
  }

  async #compare(): Promise<void> {
    const own = this.#weights.map(({ name, variable, owner }) => [name, variable.size, owner] as const);
    const all = await this.ranks.gatherJson(own, 'owners of weights');
    for (const [rank, theirs] of all.entries()) {
      const first = all[0].findIndex((weight, w) => weight.join() !== theirs[w]?.join());
      const w = first < 0 && theirs.length > all[0].length ? all[0].length : first;
      if (w < 0) continue;
      const shown = (of: typeof own): string =>
        of[w] === undefined ? 'none' : `'${of[w][0]}' of ${of[w][1]} numbers at rank ${of[w][2]}`;
      throw new ConfigError(
        `trainer: shardOptimizer: expected the same owners of weights on all ${all.length} ranks; got as weight ${w} ${shown(all[0])} on rank 0 and ${shown(theirs)} on rank ${rank}; every rank must make the same model with the same options`,
        'shardOptimizer',
      );
    }
  }

  /** The gradients of what this rank steps: the weights that it owns, and rows of tables that nobody else has. */
  pick(gradients: tf.NamedTensorMap): tf.NamedTensorMap {
    const steps = (name: string): boolean => (this.ownerOf({ name }) ?? this.ranks.rank) === this.ranks.rank;
    return Object.fromEntries(Object.entries(gradients).filter(([name]) => steps(name)));
  }

  /**
   * Gives all ranks the new values of the weights that a step has moved, each from its owner. A rank sends
   * `4 (R - 1) n` bytes for `n` numbers of its own.
   *
   * @param moved names of variables, the same weights on every rank.
   */
  async share(moved: ReadonlySet<string>): Promise<void> {
    const { ranks } = this;
    const weights = this.#weights.filter(({ variable }) => moved.has(variable.name));
    for (const { variable } of weights) this.#moved.add(variable.name);
    const byOwner = Array.from({ length: ranks.size }, (_, r) => weights.filter(({ owner }) => owner === r));
    const own = new Float32Array(numbersOf(byOwner[ranks.rank]));
    let at = 0;
    for (const { variable } of byOwner[ranks.rank]) {
      own.set((await variable.data()) as Float32Array, at);
      at += variable.size;
    }
    const all = await ranks.allGather(own, 'new values of weights');
    for (const [r, values] of all.entries()) {
      if (r === ranks.rank) continue;
      const expected = numbersOf(byOwner[r]);
      if (values.length !== expected)
        throw new ConfigError(
          `trainer: shardOptimizer: expected ${expected} new values of weights from rank ${r}, which owns them; got ${values.length}; every rank must run the same program on the same settings`,
          'shardOptimizer',
        );
      let from = 0;
      for (const { variable } of byOwner[r]) {
        assignValues(variable, values.subarray(from, from + variable.size));
        from += variable.size;
      }
    }
  }

  /** Whether a weight has had a step, so that its owner keeps moments of it. */
  hasMoved({ name }: Pick<tf.Variable, 'name'>): boolean {
    return this.#moved.has(name);
  }

  /** Of a run that goes on: the variables that had steps before, by name. */
  resume(moved: Iterable<string>): void {
    this.#moved.clear();
    for (const name of moved) this.#moved.add(name);
  }
}

function numbersOf(weights: readonly OwnedWeight[]): number {
  return weights.reduce((sum, { variable }) => sum + variable.size, 0);
}
