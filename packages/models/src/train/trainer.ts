import type { Collective } from '@seqrec/core/collectives';
import { type ExampleSet, makeBatch, type WindowPolicy } from '@seqrec/data';
import { ConfigError, TrainingError } from '../errors.ts';
import type { Run } from '../layers/layer.ts';
import { RunningStatistics } from '../layers/running.ts';
import { storedIds } from '../layers/stored-rows.ts';
import type { Model } from '../model.ts';
import { examplesFor } from '../rankers/examples-for.ts';
import { partBounds } from '../tasks/part.ts';
import type { Task } from '../tasks/task.ts';
import { batchColumns } from './columns.ts';
import { disposeGradients, type StepGradients, stepGradients } from './gradients.ts';
import { type ResolvedOptions, resolveOptions, rowwiseTables, type TrainerOptions, taskOf } from './options.ts';
import { boundsBetweenGroups, orderOfEpoch } from './order.ts';
import type { StepPart } from './prepare-step.ts';
import type { EpochResult, Progress, StepInfo, TrainerPosition } from './progress.ts';
import { readsLater } from './reads-later.ts';
import { renewTables } from './renew-tables.ts';
import { Update } from './update.ts';
import { WeightOwners } from './weight-owners.ts';
import { yieldToEventLoop } from './yield.ts';

/** A step whose programs are on their way, and its loss with them. */
interface BegunStep {
  readonly step: Omit<StepInfo, 'loss' | 'weight' | 'seconds'>;
  readonly indices: Int32Array;
  readonly loss: Promise<number>;
  readonly weight: number;
  readonly begin: number;
}

/** What an epoch trains on, in its order. */
interface DrawnEpoch {
  readonly epoch: number;
  readonly examples: ExampleSet;
  readonly order: Int32Array;
  /** Examples that no part cuts: see `Task.together`. */
  readonly together: ArrayLike<number> | undefined;
}

export interface EpochOptions {
  readonly onStep?: (info: StepInfo) => void;
  /** When aborted, training stops after the step in progress. */
  readonly signal?: AbortSignal;
  /** Calls `onCheckpoint` whenever the number of finished steps is a multiple of this. */
  readonly checkpointEvery?: number;
  readonly onCheckpoint?: (trainer: Trainer) => Promise<void> | void;
}

/**
 * Trains a model under a task, step by step: gradients of the parts of a batch, added up in a fixed order, clipped,
 * applied at the learning rate of the step. The item table is trained by rows when `options.embeddings` is `rowwise`.
 *
 * Every random number is a function of the seed, the name of its stream and a counter: the order of an epoch
 * (`order`, by epoch), dropout (`dropout/...`, by global step) and negatives (`negatives`, by global step);
 * windows are a function of the policy and the epoch. A run that was saved and resumed therefore equals an
 * uninterrupted one bit for bit.
 */
export class Trainer<M extends Model = Model> {
  readonly model: M;
  /** As given, rows by their requests where the model reads them so; with `windows` the whole histories. */
  readonly examples: ExampleSet;
  readonly windows: WindowPolicy | undefined;
  readonly options: ResolvedOptions;
  readonly task: Task;
  readonly update: Update;
  readonly #rowwise: readonly string[];
  readonly #ranks: Collective | undefined;
  readonly #isStored: boolean;
  #position: TrainerPosition = { epoch: 0, stepInEpoch: 0, globalStep: 0, lossSum: 0, weight: 0 };
  #drawn: DrawnEpoch | undefined;
  #open: BegunStep | undefined;
  #settledAt = 0;

  constructor(options: TrainerOptions<M>) {
    this.model = options.model;
    this.examples = options.examples;
    this.windows = options.windows;
    this.task = taskOf(options);
    this.#ranks = options.ranks;
    this.options = resolveOptions(options, this.task);
    this.#rowwise = rowwiseTables(this.model, this.options);
    this.#isStored = [...this.model.tables().values()].some(({ store }) => store !== undefined);
    const { ranks, shardOptimizer } = options;
    const owners = ranks && shardOptimizer ? new WeightOwners(this.model, this.#rowwise, ranks) : undefined;
    this.update = new Update(this.model, this.options, this.#rowwise, owners);
  }

  get progress(): Progress {
    const { epoch, stepInEpoch, globalStep } = this.#position;
    return { epoch, stepInEpoch, stepsPerEpoch: this.stepsPerEpoch, globalStep };
  }

  get stepsPerEpoch(): number {
    const { examples } = this.#draw(this.#position.epoch);
    return Math.ceil(examples.targets.length / this.options.batchSize);
  }

  /**
   * One optimiser step, on the next batch.
   *
   * @throws TrainingError when the loss is not finite; weights and position stay as they were before the step, but
   *   for a GPU, where the update has run by the time its loss is read.
   */
  async step(): Promise<StepInfo> {
    const infos = await this.advance();
    return [...infos, ...(await this.settle())].at(-1)!;
  }

  /**
   * Hands over the next step and returns the steps whose loss has come back: on a CPU this one, on a GPU the one
   * before, so that it never waits for a loss. {@link settle} gives the rest.
   *
   * @throws TrainingError as {@link step}, on a GPU one step later.
   */
  async advance(): Promise<StepInfo[]> {
    const begun = await this.#begin();
    const infos = await this.settle();
    this.#open = begun;
    return readsLater() ? infos : [...infos, ...(await this.settle())];
  }

  /** So many steps one after the other and all their losses: on a GPU none waits for the loss of the one before. */
  async steps(count: number): Promise<StepInfo[]> {
    const infos: StepInfo[] = [];
    for (let i = 0; i < count; i++) infos.push(...(await this.advance()));
    return [...infos, ...(await this.settle())];
  }

  /** Waits for the loss of the step that is on its way, if one is. */
  async settle(): Promise<StepInfo[]> {
    const open = this.#open;
    this.#open = undefined;
    return open === undefined ? [] : [await this.#settle(open)];
  }

  async #begin(): Promise<BegunStep> {
    const begin = performance.now();
    const { epoch, stepInEpoch, globalStep } = this.#position;
    const { seed } = this.options;
    const { stepsPerEpoch } = this;
    // An epoch without a step would never end.
    if (stepsPerEpoch === 0) {
      const { name } = this.windows ?? { name: 'examples' };
      throw new ConfigError(
        `trainer: windows: expected at least one example in every epoch; got none of '${name}' in epoch ${epoch}`,
        'windows',
      );
    }
    if (this.options.renewTables && epoch > 0 && stepInEpoch === 0)
      renewTables(this.model, this.update, { seed, epoch });
    const indices = this.batchIndices(epoch, stepInEpoch);
    const { parts, tokens } = this.#parts(epoch, indices);
    const step = { tokens, sequences: indices.length, epoch, stepInEpoch, stepsPerEpoch, globalStep };
    const run: Run = { training: true, step: globalStep, seed };
    const nothing = { loss: Promise.resolve(0), weight: 0 };
    const { loss, weight } = parts.length > 0 ? await this.#update(parts, run, { step, indices }) : nothing;
    this.#advance(weight);
    await yieldToEventLoop();
    return { step, indices, loss, weight, begin };
  }

  /** Waits for the loss of a step and counts it. */
  async #settle({ step, indices, loss: reading, weight, begin }: BegunStep): Promise<StepInfo> {
    const loss = await reading;
    if (!Number.isFinite(loss)) throw this.#notFinite(loss, { step, indices });
    if (this.#position.epoch === step.epoch) {
      const lossSum = this.#position.lossSum + loss * weight;
      this.#position = { ...this.#position, lossSum };
    }
    const now = performance.now();
    // Steps overlap where losses are read later: each counts from where the one before it ended.
    const seconds = (now - Math.max(begin, this.#settledAt)) / 1000;
    this.#settledAt = now;
    return { loss, weight, seconds, ...step };
  }

  /** The parts of a batch, without those that have nothing to learn from: histories of length zero. */
  #parts(epoch: number, indices: Int32Array): { readonly parts: readonly StepPart[]; readonly tokens: number } {
    const { examples, together } = this.#draw(epoch);
    const columns = batchColumns(this.model, this.task);
    const whole = makeBatch(examples, indices, columns);
    const tokens = whole.itemIds.length;
    const even = partBounds(whole.offsets, this.options.parts);
    const bounds = together === undefined ? even : boundsBetweenGroups(even, (place) => together[indices[place]]);
    const parts: StepPart[] = [];
    for (let p = 0; p < this.options.parts; p++) {
      const [from, to] = [bounds[p], bounds[p + 1]];
      const [firstToken, end] = [whole.offsets[from], whole.offsets[to]];
      if (to === from || (end === firstToken && !this.task.readsEmptyHistories)) continue;
      const batch = to - from === indices.length ? whole : makeBatch(examples, indices.subarray(from, to), columns);
      parts.push({ index: p, batch, at: { whole, firstSequence: from, firstToken } });
    }
    return { parts, tokens };
  }

  /** Has the stores of tables fetch what the step after this one reads. */
  #prefetch(): void {
    if (!this.#isStored) return;
    const { epoch, stepInEpoch } = this.#position;
    const isLast = stepInEpoch + 1 === this.stepsPerEpoch;
    // The order of another epoch is drawn when it begins.
    if (isLast) return;
    const examples = this.epochExamples(epoch);
    const batch = makeBatch(examples, this.batchIndices(epoch, stepInEpoch + 1), batchColumns(this.model, this.task));
    for (const [store, ids] of storedIds(this.model, batch)) store.prefetch(ids);
  }

  /** Gradients and update; gives the loss before it, on its way. */
  async #update(
    parts: readonly StepPart[],
    given: Run,
    at: Pick<BegunStep, 'step' | 'indices'>,
  ): Promise<Pick<BegunStep, 'loss' | 'weight'>> {
    const { model, task } = this;
    const { count, ranks } = { count: this.options.parts, ranks: this.#ranks };
    const onRowsRead = (): void => this.#prefetch();
    const rowwise = this.#rowwise;
    const { owners } = this.update;
    await owners?.agree();
    // The norm of all gradients asks for all of them on every rank.
    const to = owners !== undefined && this.options.clipNorm === undefined ? { owners } : {};
    const statistics = new RunningStatistics();
    const run = { ...given, statistics };
    let gradients: StepGradients | undefined;
    try {
      gradients = await stepGradients({ model, task, parts, count, run, rowwise, ranks, onRowsRead, ...to });
      const loss = gradients.loss.data().then(([value]) => value);
      if (readsLater()) {
        // Whoever waits for it hears of a failure; until then it is nobody's.
        loss.catch(() => {});
      } else {
        const value = await loss;
        if (!Number.isFinite(value)) throw this.#notFinite(value, at);
      }
      statistics.apply();
      await this.update.apply(gradients, at.step.globalStep);
      return { loss, weight: gradients.weight };
    } finally {
      statistics.dispose();
      if (gradients !== undefined) disposeGradients(gradients);
    }
  }

  /** What an epoch trains on, windows cut. */
  epochExamples(epoch: number): ExampleSet {
    return this.#draw(epoch).examples;
  }

  /**
   * The examples of one step of one epoch, in {@link epochExamples}: the order depends on the seed and the epoch alone.
   */
  batchIndices(epoch: number, stepInEpoch: number): Int32Array {
    const { batchSize } = this.options;
    return this.#draw(epoch).order.subarray(stepInEpoch * batchSize, (stepInEpoch + 1) * batchSize);
  }

  /** Runs to the end of the epoch in progress, or until the signal aborts. */
  async runEpoch(options: EpochOptions = {}): Promise<EpochResult> {
    const { onStep, signal, checkpointEvery, onCheckpoint } = options;
    const begin = performance.now();
    const { epoch } = this.#position;
    let { lossSum, weight } = this.#position;
    let tokens = 0;
    const take = (infos: readonly StepInfo[]): void => {
      for (const info of infos) {
        lossSum += info.loss * info.weight;
        weight += info.weight;
        tokens += info.tokens;
        onStep?.(info);
      }
    };
    while (this.#position.epoch === epoch) {
      if (signal?.aborted) break;
      take(await this.advance());
      const due = checkpointEvery !== undefined && this.#position.globalStep % checkpointEvery === 0;
      if (due) {
        take(await this.settle());
        await onCheckpoint?.(this);
      }
    }
    take(await this.settle());
    const meanLoss = weight === 0 ? 0 : lossSum / weight;
    const interrupted = this.#position.epoch === epoch;
    return { epoch, meanLoss, weight, tokens, seconds: (performance.now() - begin) / 1000, interrupted };
  }

  /** Position and running sums, for a checkpoint. */
  get position(): TrainerPosition {
    return this.#position;
  }

  /** Goes to a saved position; weights and moments are loaded apart. */
  restorePosition(position: TrainerPosition): void {
    this.#position = { ...position };
  }

  /** Frees the optimisers' moments; the model stays. */
  dispose(): void {
    this.update.dispose();
  }

  #draw(epoch: number): DrawnEpoch {
    if (this.#drawn?.epoch !== epoch) {
      const examples = this.windows?.examples(this.examples, epoch) ?? this.examples;
      const { seed, shuffle } = this.options;
      const together = this.task.together?.(examples);
      const order = orderOfEpoch({ count: examples.targets.length, epoch, seed, shuffle, together });
      this.#drawn = { epoch, examples, order, together };
    }
    return this.#drawn;
  }

  #advance(batchWeight: number): void {
    const { epoch, stepInEpoch, globalStep, lossSum, weight } = this.#position;
    const finished = stepInEpoch + 1 === this.stepsPerEpoch;
    this.#position = finished
      ? { epoch: epoch + 1, stepInEpoch: 0, globalStep: globalStep + 1, lossSum: 0, weight: 0 }
      : { epoch, stepInEpoch: stepInEpoch + 1, globalStep: globalStep + 1, lossSum, weight: weight + batchWeight };
  }

  #notFinite(loss: number, { step, indices }: Pick<BegunStep, 'step' | 'indices'>): TrainingError {
    const { epoch, stepInEpoch, stepsPerEpoch, globalStep } = step;
    const { learningRate } = this.options;
    const first = [...indices.subarray(0, 3)].join(', ');
    const details = { step: globalStep, epoch, stepInEpoch, learningRate };
    const weights = readsLater()
      ? 'the weights are spoilt, go on from a checkpoint'
      : 'the weights are those before this step';
    return new TrainingError(
      `train: expected a finite loss; got ${loss} at step ${globalStep} (epoch ${epoch}, batch ${stepInEpoch} of ${stepsPerEpoch}, examples ${first}, ...) with learning rate ${learningRate}; ${weights}; try a learning rate of ${learningRate / 10}, and look at the batch's data`,
      details,
    );
  }
}

/**
 * A {@link Trainer} at step 0.
 *
 * @throws ConfigError when an option is outside its range, or the task cannot train the model on the examples: for
 * retrieval when a history or window is longer than the model's `maxSequenceLength`.
 */
export function createTrainer<M extends Model>(options: TrainerOptions<M>): Trainer<M> {
  const { model, examples, windows } = options;
  if (examples.targets.length === 0) {
    throw new ConfigError('trainer: examples: expected at least one; got none', 'examples');
  }
  taskOf(options).check?.(model, examples, windows);
  return new Trainer({ ...options, examples: examplesFor(model, examples) });
}
