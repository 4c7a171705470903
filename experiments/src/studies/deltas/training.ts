import { statSync } from 'node:fs';
import type { ExampleSet } from '@seqrec/data';
import {
  createTrainer,
  exportWeights,
  loadCheckpoint,
  readSnapshot,
  type Snapshot,
  saveCheckpoint,
  type TokenEncoder,
} from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { trainerSettings } from '../../config/trainer-settings.ts';
import { trainingSet } from '../../data/training-set.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { StudyDir } from '../study/study.ts';

export interface ReplayContext {
  readonly dir: StudyDir;
  readonly progress: Progress;
  readonly stop: StopSignal;
}

/** Trains one model on parts of the events, one after the other: weights, moments and the count of steps go on. */
export class Training {
  readonly #model: TokenEncoder;
  readonly #config: RecipeConfig;
  readonly #context: ReplayContext;
  readonly #checkpoint: string;
  /** All weights and nothing else: what a full load sends. */
  readonly weightsFile: string;
  #begun = false;

  constructor(model: TokenEncoder, config: RecipeConfig, context: ReplayContext) {
    this.#model = model;
    this.#config = config;
    this.#context = context;
    this.#checkpoint = context.dir.file('checkpoints/training.safetensors');
    this.weightsFile = context.dir.file('checkpoints/weights.safetensors');
  }

  get weightsBytes(): number {
    return statSync(this.weightsFile).size;
  }

  /** Trains on a part and writes the weights. @throws Interrupted between two epochs. */
  async train(part: ExampleSet, epochs: number, label?: string): Promise<Snapshot> {
    const { progress, stop } = this.#context;
    const model = this.#model;
    const trainer = createTrainer({ model, ...trainingSet(this.#config, part), ...trainerSettings(this.#config) });
    try {
      // Other examples, and the rest as it was.
      if (this.#begun) await loadCheckpoint(this.#checkpoint, trainer, { allowDifferentTraining: true });
      for (let epoch = 0; epoch < epochs; epoch++) {
        if (stop.signal !== undefined) throw new Interrupted('stopped between two epochs');
        const { meanLoss } = await trainer.runEpoch();
        if (label !== undefined)
          progress.update({ label, done: epoch + 1, total: epochs, fields: [`loss ${meanLoss.toFixed(3)}`] });
      }
      await saveCheckpoint(this.#checkpoint, trainer);
      this.#begun = true;
    } finally {
      trainer.dispose();
    }
    await exportWeights(this.#checkpoint, this.weightsFile);
    return readSnapshot(this.weightsFile);
  }
}
