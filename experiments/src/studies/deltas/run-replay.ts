import type { ExampleSet } from '@seqrec/data';
import { createModel, loadParameters, type TokenEncoder } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { modelOptions } from '../../run/open/model-options.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { Recorded } from '../../run/verdict/bootstrap.ts';
import { measure } from '../study/measure.ts';
import { Consumer, type Sent } from './consumer.ts';
import type { DeltaReplay, ReplayLine } from './replay.ts';
import type { Slices } from './slices.ts';
import { type ReplayContext, Training } from './training.ts';

/** What a seed gave. */
export interface ReplaySeed {
  /** Of each line the ranks of all queries, slice by slice. */
  readonly ranks: ReadonlyMap<string, Recorded>;
  readonly sent: Readonly<Record<string, Sent>>;
  /** Bytes of a full load, and of the dense weights in it. */
  readonly fullBytes: number;
  readonly denseBytes: number;
}

/** Trains on by time, serves with every line, and ranks what comes next. @throws Interrupted */
export async function runReplay(
  replay: DeltaReplay,
  lines: readonly ReplayLine[],
  material: { readonly config: RecipeConfig; readonly slices: Slices },
  context: ReplayContext,
): Promise<ReplaySeed> {
  const { config, slices } = material;
  const { dir, progress, stop } = context;
  const model = createModel(config.model, modelOptions(config, slices.base));
  const serving = createModel(config.model, modelOptions(config, slices.base));
  const trainer = new Training(model, config, context);
  const file = (name: string): string => dir.file(`checkpoints/${name}.safetensors`);
  const ranks = new Map<string, Recorded[]>(lines.map(({ name }) => [name, []]));
  progress.start();
  try {
    let full = await trainer.train(slices.base, config.training.epochs, 'base, epochs');
    const consumers = lines.map((line) => new Consumer(line, full));
    for (const [k, slice] of slices.slices.entries()) {
      progress.update({ label: 'replay, slices', done: k, total: slices.slices.length });
      const measured = new Map<string, Recorded>();
      for (const { line, weights, digest } of consumers) {
        if (!measured.has(digest)) {
          loadParameters(serving, Object.fromEntries(weights));
          measured.set(digest, await ranksOf(serving, config, slice.queries, stop));
        }
        ranks.get(line.name)?.push(measured.get(digest) as Recorded);
      }
      // Nothing is served after the last one.
      if (k + 1 === slices.slices.length) break;
      full = await trainer.train(slice.train, replay.epochs.slice);
      for (const consumer of consumers) {
        const { after } = consumer.line;
        if (after === 'slice' || (after === 'period' && (k + 1) % replay.slices === 0))
          await consumer.update(full, trainer.weightsFile, file('delta'));
      }
    }
    const tables = new Set(model.tables().keys());
    const dense = [...full.weights].filter(([name]) => !tables.has(name));
    return {
      ranks: new Map(Array.from(ranks, ([name, parts]) => [name, joined(parts)])),
      sent: Object.fromEntries(consumers.map(({ line, sent }) => [line.name, sent])),
      fullBytes: trainer.weightsBytes,
      denseBytes: dense.reduce((sum, [, { data }]) => sum + data.byteLength, 0),
    };
  } finally {
    progress.clear();
    for (const each of [model, serving]) each.dispose();
  }
}

async function ranksOf(
  model: TokenEncoder,
  { evaluation, objective }: RecipeConfig,
  set: ExampleSet,
  stop: StopSignal,
): Promise<Recorded> {
  const { ks, batchSize, excludeSeen, ties, queryTime } = evaluation;
  const { recorded } = await measure(model, set, {
    ...{ ks, batchSize, excludeSeen, ties, queryTime },
    temperature: objective.temperature,
    onBatch: () => {
      if (stop.signal !== undefined) throw new Interrupted('stopped while measuring');
    },
  });
  return recorded;
}

function joined(parts: readonly Recorded[]): Recorded {
  const { ties } = parts[0];
  const floats = parts.flatMap(({ ranks }) => [...ranks]);
  const ints = (key: 'tied' | 'users'): Int32Array => Int32Array.from(parts.flatMap((part) => [...part[key]]));
  return { ties, ranks: Float32Array.from(floats), tied: ints('tied'), users: ints('users') };
}
