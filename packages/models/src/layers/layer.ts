import { type DropoutOptions, dropout, type MatrixBlocks, streamKey } from '@seqrec/core';
import type * as tf from '@tensorflow/tfjs-core';
import { type LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { elementsOf, type Initialization, type LayerInitializer, StreamInitializer } from './initializers.ts';
import type { TokenMemory } from './memory.ts';
import type { RunningStatistics } from './running.ts';
import { initialShard, rememberShard, shardFor } from './table-shards.ts';

/**
 * What a forward pass may depend on besides its inputs. Every random number is a function of `seed`, a name and `step`.
 */
export interface Run {
  readonly training: boolean;
  /** Global optimiser step: the counter of the dropout streams. */
  readonly step: number;
  readonly seed: number;
  /** What of the batch of the step lies before a part of it: streams count on from there. Absent: nothing. */
  readonly before?: {
    readonly sequences: number;
    readonly tokens: number;
    /** Of examples that are requests of several rows; absent: a row a sequence. */
    readonly rows?: number;
  };
  /** What was kept of earlier tokens, for a pass over the tokens after them. Absent: the batch is all there is. */
  readonly memory?: TokenMemory;
  /** Takes what a training step saw of statistics that have running values. Absent: these stay as they are. */
  readonly statistics?: RunningStatistics;
  /** Targets at the end of each sequence, `[B]`, of a ranker whose blocks hide them from each other. Absent: none. */
  readonly numTargets?: readonly number[];
  /** Rows of the activations that lie before those of the part: tokens or sequences, as the model has them. */
  readonly firstRow?: number;
}

/** Arguments that all layers here share. */
export interface LayerArgs {
  /** Seed of the initial weights. */
  readonly seed?: number;
  /** Name of the layer in the model, for example `hstu.0`: prefix of its random streams (weights and dropout). */
  readonly stream: string;
  readonly name?: string;
  /** False keeps the weights as they are: they get no gradient. */
  readonly trainable?: boolean;
}

/** A weight as declared by a layer: short name, shape, initial values. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialization: Initialization;
  /** Whether rows are looked up by an id: no matrix of a linear map, whatever its shape. */
  readonly isTable?: boolean;
  /** Whether it is one of the tables that can be trained by the rows of a step, and so lie on several ranks. */
  readonly byRows?: boolean;
  /**
   * Whether it is a running value, which steps of training move and no gradient does: kept and exported as weights are,
   * but neither decayed, regularised, averaged nor counted. A model with one trains on whole batches in one
   * process.
   */
  readonly isRunning?: boolean;
  /** Maps that lie side by side in one matrix: `sizes` rows (axis 0) or columns (axis 1). */
  readonly blocks?: MatrixBlocks;
  /** Whether it is the matrix `[inputs, outputs]` of a map `x W`; others are `[outputs, inputs]`. */
  readonly isInOut?: boolean;
}

const declaredShapes = new WeakMap<tf.Variable, readonly number[]>();
const declared = new WeakMap<tf.Variable, WeightSpec>();

/** What a layer said of a weight; nothing for a weight that no layer here declared. */
export function declarationOf(weight: tf.Variable): WeightSpec | undefined {
  return declared.get(weight);
}

/** Whether a layer declared a weight to be a running value. */
export function isRunning(weight: tf.Variable): boolean {
  return declared.get(weight)?.isRunning === true;
}

/** The shape that a layer declared for a weight, whatever stands for it now: one number, or the rows of a shard. */
export function declaredShape(weight: tf.Variable): readonly number[] {
  return declaredShapes.get(weight) ?? weight.shape;
}

/**
 * Base of the layers of this package: a `tf.layers.Layer` over packed tokens `[T, ...]` whose weights are declared as
 * data and start from streams of their own.
 */
export abstract class StreamLayer extends layers.Layer {
  readonly seed: number;
  readonly stream: string;
  private readonly byName = new Map<string, LayerVariable>();

  constructor(args: LayerArgs) {
    super({ name: args.name, trainable: args.trainable });
    this.seed = args.seed ?? 0;
    this.stream = args.stream;
  }

  /** The layer's weights, in a fixed order. */
  protected abstract weightSpecs(): readonly WeightSpec[];

  /** The names of its weights, in order. */
  get names(): string[] {
    return this.weightSpecs().map(({ name }) => name);
  }

  override build(): void {
    if (this.built) return;
    for (const spec of this.weightSpecs()) {
      const stream = { seed: this.seed, name: `${this.stream}.${spec.name}` };
      const shard = shardFor(spec);
      const whole = new StreamInitializer({ initialization: spec.initialization, stream });
      if (shard !== undefined) whole.apply = () => initialShard(spec, stream, shard);
      const made = whole as LayerInitializer;
      const trainable = this.trainable && spec.isRunning !== true;
      const weight = this.addWeight(spec.name, [...spec.shape], 'float32', made, undefined, trainable);
      this.byName.set(spec.name, weight);
      declaredShapes.set(weight.read() as tf.Variable, spec.shape);
      declared.set(weight.read() as tf.Variable, spec);
      if (shard !== undefined) rememberShard(weight.read() as tf.Variable, shard);
    }
    this.built = true;
  }

  /** The variable called `name` in {@link weightSpecs}; builds the layer when needed. */
  weight(name: string): tf.Variable {
    this.build();
    const weight = this.byName.get(name);
    if (weight === undefined) throw new Error(`${this.name}: no weight called '${name}'`);
    // A LayerVariable's value is a tf.Variable; its type only promises a Tensor.
    return weight.read() as tf.Variable;
  }

  /** Dropout at the site `<stream>.<site>`; the identity outside training. */
  protected drop<T extends tf.Tensor>(x: T, rate: number, site: string, run: Run): T {
    return dropAt(x, rate, `${this.stream}.${site}`, run);
  }

  /** What {@link drop} passes on, for an op with dropout of its own; nothing outside training. */
  protected dropOptions(rate: number, site: string, run: Run, rowWidth: number): DropoutOptions | undefined {
    return dropOptionsAt(rate, `${this.stream}.${site}`, run, rowWidth);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), seed: this.seed, stream: this.stream };
  }
}

/** A layer of the stack and the reference's names of its weights. */
export interface NamedLayer {
  readonly layer: StreamLayer;
  /** Reference name by the layer's own weight name, in the order of the reference's state dict. */
  readonly names: Readonly<Record<string, string>>;
}

/** A block that can make its output at the last token of each sequence without the other rows, for inference. */
export interface LastRows {
  /**
   * The rows `rows` int32 `[B]` (the last token of each sequence, none empty) of what `apply(inputs)` makes,
   * shape `[B, D]`; no dropout.
   */
  last(inputs: readonly tf.Tensor[], rows: tf.Tensor1D): tf.Tensor2D;
}

/** Whether a layer has a shortcut to its last rows. */
export function hasLastRows(layer: StreamLayer): layer is StreamLayer & LastRows {
  return typeof (layer as Partial<LastRows>).last === 'function';
}

/** Dropout with the stream `dropout/<site>` at the run's step; the identity outside training. */
export function dropAt<T extends tf.Tensor>(x: T, rate: number, site: string, run: Run): T {
  const options = dropOptionsAt(rate, site, run, elementsOf(x.shape.slice(1)));
  return options === undefined ? x : dropout(x, options);
}

/**
 * What {@link dropAt} passes on, for an op with dropout of its own; nothing outside training.
 *
 * @param rowWidth random numbers that a row of the op draws: a part of a batch begins after the rows before it.
 */
export function dropOptionsAt(rate: number, site: string, run: Run, rowWidth: number): DropoutOptions | undefined {
  if (!run.training || rate === 0) return undefined;
  const first = (run.firstRow ?? 0) * rowWidth;
  return { rate, stream: { key: streamKey(run.seed, `dropout/${site}`), step: run.step, first } };
}

/** The run in a layer's keyword arguments; a plain forward pass when it is absent. */
export function runOf(kwargs: { readonly [key: string]: unknown } | undefined): Run {
  const { training = false, step = 0, seed = 0, firstRow = 0, ...rest } = (kwargs ?? {}) as Partial<Run>;
  const { memory, statistics, numTargets } = rest;
  return {
    ...{ training, step, seed, firstRow },
    ...(memory && { memory }),
    ...(statistics && { statistics }),
    ...(numTargets && { numTargets }),
  };
}

/** The inputs of a layer as an array. */
export function inputList(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
  return Array.isArray(inputs) ? inputs : [inputs];
}
