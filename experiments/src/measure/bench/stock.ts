import { finishKernels, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type BackendOptions, checkBackendOptions } from '../../run/process/backend.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { median } from './statistics.ts';
import { STOCK_MODELS, type StockModel } from './stock-models.ts';

type Task = 'training' | 'inference';

/** Our backend, and the TensorFlow.js backends that it is compared with. */
const OURS = 'simd';
const PEERS = ['wasm', 'cpu'] as const;

export interface StockRow {
  readonly model: string;
  readonly task: Task;
  /** Milliseconds of each timed batch. */
  readonly simd: readonly number[];
  readonly peer: string;
  readonly milliseconds: readonly number[];
  /** Largest difference: of the outputs of inference, of the outputs after the same training steps. */
  readonly difference: number;
  /** Backends that could not run it, and why. */
  readonly failed: readonly string[];
}

export interface StockBench {
  readonly threads: number;
  readonly rounds: number;
  readonly rows: readonly StockRow[];
}

interface Contestant {
  readonly backend: string;
  readonly network: LayersModel;
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
  readonly times: number[];
}

/** Timed batches of one turn, fewer where they take long. */
const REPEATS = 20;
const TURN_MILLISECONDS = 1000;
/** Training steps before outputs are compared. */
const STEPS = 3;

/** Runs models made of stock TensorFlow.js layers on `simd` and on TensorFlow.js's own backends, in turn. */
export async function benchStock(request: {
  readonly backend: BackendOptions;
  readonly rounds: number;
  readonly quiet: boolean;
}): Promise<StockBench> {
  const { threads } = checkBackendOptions(request.backend);
  const options = threads === undefined ? {} : { threads };
  const choice = await useBackend(OURS, options);
  for (const peer of PEERS) await useBackend(peer, options);
  const progress = new Progress({ quiet: request.quiet });
  const rows: StockRow[] = [];
  progress.start();
  for (const stock of STOCK_MODELS) {
    for (const task of ['inference', 'training'] as const) {
      const tell = (round: number) =>
        progress.update({ label: `${stock.name} ${task}`, done: round, total: request.rounds, fields: [] });
      rows.push(await compare(stock, task, request.rounds, tell));
    }
  }
  progress.clear();
  return { threads: Number((choice.details as { threads?: number }).threads), rounds: request.rounds, rows };
}

/** Against the first peer that can run the task. */
async function compare(
  stock: StockModel,
  task: Task,
  rounds: number,
  tell: (round: number) => void,
): Promise<StockRow> {
  const ours = await enter(stock, OURS);
  const outputs = await warmUp(ours, task);
  const failed: string[] = [];
  for (const peer of PEERS) {
    const theirs = await enter(stock, peer);
    try {
      const expected = await warmUp(theirs, task);
      for (let round = 0; round < rounds; round++) {
        tell(round);
        await turn(ours, task);
        await turn(theirs, task);
      }
      const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - outputs[i])), 0);
      const row = { model: stock.name, task, simd: ours.times, peer, milliseconds: theirs.times, difference, failed };
      await leave(ours);
      return row;
    } catch (error) {
      failed.push(`${peer}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    } finally {
      await leave(theirs);
    }
  }
  throw new Error(`bench stock: no backend of TensorFlow.js runs ${task} of ${stock.name}: ${failed.join('; ')}`);
}

async function enter(stock: StockModel, backend: string): Promise<Contestant> {
  await tf.setBackend(backend);
  return { backend, network: stock.build(), ...stock.batchOf(), times: [] };
}

async function leave({ backend, network, x, y }: Contestant): Promise<void> {
  await tf.setBackend(backend);
  network.dispose();
  tf.dispose([x, y]);
}

/** The outputs that are compared: of the model as built, or after a few training steps. */
async function warmUp(contestant: Contestant, task: Task): Promise<Float32Array> {
  await tf.setBackend(contestant.backend);
  for (let i = 0; task === 'training' && i < STEPS; i++) await batch(contestant, task);
  return predict(contestant);
}

function predict({ network, x }: Contestant): Float32Array {
  const output = network.predictOnBatch(x) as tf.Tensor;
  const values = output.dataSync() as Float32Array;
  output.dispose();
  return values;
}

async function batch(contestant: Contestant, task: Task): Promise<void> {
  if (task === 'training') await contestant.network.trainOnBatch(contestant.x, contestant.y);
  else predict(contestant);
}

/**
 * One contestant's turn, after a short rest, since threads of the one before may spin. The first of
 * several batches is left out.
 */
async function turn(contestant: Contestant, task: Task): Promise<void> {
  await tf.setBackend(contestant.backend);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const times: number[] = [];
  const start = performance.now();
  while (times.length <= REPEATS && performance.now() - start < TURN_MILLISECONDS) {
    const begin = performance.now();
    await batch(contestant, task);
    finishKernels();
    times.push(performance.now() - begin);
  }
  contestant.times.push(...times.slice(Math.min(1, times.length - 1)));
}

export function listStockBench({ rows, threads, rounds }: StockBench): Listing {
  const cells = rows.map(({ model, task, simd, peer, milliseconds, difference }) => {
    const [ours, theirs] = [median(simd), median(milliseconds)];
    return [
      model,
      task,
      ours.toFixed(2),
      peer,
      theirs.toFixed(2),
      (theirs / ours).toFixed(1),
      difference.toExponential(1),
    ];
  });
  const titles = ['model', 'task', 'simd ms', 'peer', 'peer ms', 'ratio', 'largest difference'];
  return [
    ...lines(
      `TensorFlow.js layers models on simd (${threads} threads) and on the backends of TensorFlow.js; medians of ${rounds} rounds, in turn`,
      ...STOCK_MODELS.map(({ name, what }) => `  ${name}: ${what}`),
    ),
    figures(titles, cells, { left: [0, 1, 3] }),
    ...lines(...rows.flatMap(({ model, task, failed }) => failed.map((why) => `${model} ${task} not on ${why}`))),
  ];
}
