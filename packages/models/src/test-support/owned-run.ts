// A training as one process or as one of several ranks that share what the optimiser keeps, saved as a run is.
import type { Collective } from '@seqrec/core/collectives';
import type { TablePartition } from '../layers/table-shard.ts';
import { withShardedTables } from '../layers/table-shards.ts';
import type { Model } from '../model.ts';
import { createModel } from '../registry.ts';
import { loadCheckpoint, saveCheckpoint, shareCheckpoint } from '../train/checkpoint.ts';
import type { TrainerOptions } from '../train/options.ts';
import { createTrainer, type Trainer } from '../train/trainer.ts';
import { tinyConfigs, tinyTrain } from './tiny.ts';

export type Settings = Partial<Omit<TrainerOptions, 'model' | 'ranks'>>;

const base = { batchSize: 7, learningRate: 0.01, seed: 11, parts: 8 } as const;

export interface Where {
  readonly ranks?: Collective;
  readonly partition?: TablePartition;
}

export interface Job {
  /** Of the tiny configurations, or what makes a model. */
  readonly model: string | (() => Model);
  readonly settings?: Settings;
  readonly steps: number;
  readonly from?: string;
  /** Absent: nothing is saved. */
  readonly to?: string;
}

export interface Trained {
  /** Numbers that the dense optimisers keep on this rank. */
  readonly moments: number;
  /** Numbers that each rank owns. */
  readonly load: readonly number[] | undefined;
  /** Sent by this rank in its steps. */
  readonly bytes: number;
}

export async function ownedRun({ ranks, partition }: Where, job: Job): Promise<Trained> {
  const { model: made, settings, steps, from, to } = job;
  const examples = settings?.examples ?? tinyTrain();
  const { numItems } = examples.interactions;
  const make = typeof made === 'function' ? made : () => createModel(tinyConfigs[made], { numItems, seed: 3 });
  const model = withShardedTables(ranks && partition && { ranks, partition }, make);
  const trainer = createTrainer({
    ...{ model, examples, ...base },
    ...(settings?.task === undefined && { numNegatives: 5 }),
    ...settings,
    ...(ranks && { ranks, shardOptimizer: true }),
  });
  try {
    if (from !== undefined) await loadCheckpoint(from, trainer);
    const before = ranks?.traffic.bytes ?? 0;
    for (let s = 0; s < steps; s++) await trainer.step();
    const bytes = (ranks?.traffic.bytes ?? 0) - before;
    if (to !== undefined && (ranks?.rank ?? 0) === 0) await saveCheckpoint(to, trainer);
    else if (to !== undefined) await shareCheckpoint(trainer);
    return { moments: momentsOf(trainer), load: trainer.update.owners?.load, bytes };
  } finally {
    trainer.dispose();
    model.dispose();
  }
}

function momentsOf({ update }: Trainer): number {
  const slots = update.groups.flatMap(({ optimizer }) => [...optimizer.state().values()]);
  return slots.flatMap((own) => Object.values(own)).reduce((sum, { size }) => sum + size, 0);
}

/** Rules of the optimiser, with schedules, averages, clipping and tables by rows among them. */
export const ownedRules: Readonly<Record<string, Settings>> = {
  adamw: { kind: 'adamw', weightDecay: 0.1 },
  'adamw, vectors without decay, cosine, clipped': {
    ...{ decayVectors: false, weightDecay: 0.1, clipNorm: 0.5 },
    schedule: { kind: 'cosine', steps: 8, warmupSteps: 2 },
  },
  'adagrad, averaged': { kind: 'adagrad', weightAverage: { decay: 0.9 } },
  'muon, tables by adagrad, averaged, clipped': {
    ...{ kind: 'muon', tables: { kind: 'adagrad' }, weightAverage: { decay: 0.5 }, clipNorm: 1 },
  },
  'muon, stairs': { kind: 'muon', schedule: { kind: 'stairs', every: 2, factor: 0.5 } },
  'tables by rows': { embeddings: 'rowwise', schedule: { kind: 'linear', steps: 6 } },
  'tables by rows of adagrad, clipped': { embeddings: 'rowwise', tables: { kind: 'adagrad' }, clipNorm: 0.5 },
};
