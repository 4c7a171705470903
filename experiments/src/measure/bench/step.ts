import type { BackendChoice } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import { batchColumns, codeSymbols, type StepInfo, type Trainer } from '@seqrec/models';
import { resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { generationOf } from '../../data/coded-items.ts';
import { describeEnvironment, type Environment } from '../../run/folder/environment.ts';
import { countRowParameters } from '../../run/loop/count-parameters.ts';
import { describeProducts, productsOf } from '../../run/open/native-products.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { withoutPeer, writeCodesStep } from './codes/peer-input.ts';
import { openCodesSubject } from './codes/subject.ts';
import { devicePeak } from './device-clock.ts';
import { hasLibrary, withOwnKernels } from './own-kernels.ts';
import { ownProduct } from './own-product.ts';
import { findPython, type Peer, type PeerInput, runPeer, writePeerInput } from './peer.ts';
import { writeRowsInput } from './peer-rows.ts';
import { openRankingSubject } from './ranking-subject.ts';
import { recordKernels } from './recorder.ts';
import { rowPeerOf } from './row-peers.ts';
import { sequenceObjective } from './sequence-peer.ts';
import { median, spread } from './statistics.ts';
import { openSubject, type SubjectRequest } from './subject.ts';

/** Seconds of each timed step, by contestant. */
export interface StepBench {
  readonly recipe: string;
  readonly environment: Environment;
  readonly threads: number;
  readonly rounds: number;
  /** Of a batch; of a recipe of rows its rows. */
  readonly tokens: number;
  readonly unit?: 'rows';
  /** Useful floating-point operations of a step (see work.ts). */
  readonly flops: number;
  /** Median GFLOP/s of our own 1024 x 1024 x 1024 product, in turn with the steps. */
  readonly gemm: number;
  readonly seqrec: readonly number[];
  /** Steps with our kernels alone, where a native library makes products for us. */
  readonly own?: readonly number[];
  readonly peers: readonly {
    readonly name: string;
    readonly seconds: readonly number[];
    /** Version of PyTorch and its BLAS. */
    readonly torch?: string;
    readonly missing?: string;
  }[];
}

const STEPS = 4;
/** Steps of a turn that are not timed, ours and the peers': caches and clocks are those of the contestant before. */
const WARM_STEPS = 2;

/** What is timed: the trainer's first batch, and the input of the peers. */
interface Contest {
  readonly name: string;
  readonly choice: BackendChoice;
  readonly trainer: Trainer;
  /** Tokens of the batch, or rows. */
  readonly units: number;
  readonly unit: 'tokens' | 'rows';
  readonly input: PeerInput | undefined;
}

/**
 * Times training steps on the recipe's first batch, in turn with the peers: each round runs a few of ours, then a few
 * of every peer, so that a drift of the machine's speed meets all alike.
 */
export async function benchStep(
  request: SubjectRequest & { readonly rounds: number; readonly peers: readonly Peer[] },
): Promise<StepBench> {
  const progress = new Progress({ quiet: request.quiet });
  const { config } = await resolveRun({ recipe: request.recipe, overrides: request.overrides });
  const contest = await contestOf(config)(request, progress);
  const { name, choice, trainer, units, unit, input } = contest;
  const threads = Number((choice.details as { threads?: number }).threads ?? 1);
  const start = trainer.position;
  const parameters = countRowParameters(trainer.model).total;
  const python = request.peers.length > 0 ? findPython() : { missing: '' };
  const alone = hasLibrary();
  const ours: number[] = [];
  const own: number[] = [];
  const gemm: number[] = [];
  let flops = 0;
  const theirs = new Map<Peer, { seconds: number[]; torch?: string; missing?: string }>(
    request.peers.map((peer) => [peer, { seconds: [] }]),
  );
  try {
    progress.start();
    // The first steps compile and allocate.
    await stepsOnFirstBatch(3);
    flops = await countWork();
    for (let round = 0; round < request.rounds; round++) {
      // Whoever comes after a peer meets the clocks and caches that it left: first one, then the other.
      if (alone && round % 2 === 1) own.push(...(await withOwnKernels(turnOfSteps)));
      ours.push(...(await turnOfSteps()));
      if (alone && round % 2 === 0) own.push(...(await withOwnKernels(turnOfSteps)));
      if (choice.name === 'webgpu') gemm.push((await devicePeak()).gflops);
      else ownProduct(gemm);
      for (const [peer, record] of theirs) {
        progress.update({
          label: `round ${round + 1}/${request.rounds}, ${peer}`,
          done: round,
          total: request.rounds,
          fields: [],
        });
        if (record.missing !== undefined || input === undefined) continue;
        const result =
          'missing' in python
            ? python
            : runPeer(python.path, input, { peer, threads, steps: STEPS, warmup: WARM_STEPS });
        if ('missing' in result) record.missing = result.missing;
        else if ((result.parameters ?? parameters) !== parameters)
          record.missing = `another model: it has ${result.parameters} parameters, ours has ${parameters}`;
        else {
          record.seconds.push(...result.seconds);
          record.torch = result.torch;
        }
      }
    }
    progress.clear();
  } finally {
    input?.remove();
  }
  const peers = [...theirs].map(([peer, record]) => ({ name: `PyTorch ${peer}`, ...record }));
  const environment = describeEnvironment(choice);
  return {
    recipe: name,
    environment,
    threads,
    rounds: request.rounds,
    tokens: units,
    ...(unit === 'rows' && { unit }),
    flops,
    gemm: median(gemm),
    seqrec: ours,
    ...(alone && { own }),
    peers,
  };

  async function turnOfSteps(): Promise<number[]> {
    return (await stepsOnFirstBatch(WARM_STEPS + STEPS)).slice(WARM_STEPS);
  }

  async function countWork(): Promise<number> {
    const recorder = recordKernels(choice.name);
    try {
      await stepsOnFirstBatch(1);
    } finally {
      recorder.stop();
    }
    return recorder.result().kernels.reduce((sum, { flops }) => sum + flops, 0);
  }

  /** As training does them: on a GPU a step does not wait for the loss of the one before. */
  async function stepsOnFirstBatch(count: number): Promise<number[]> {
    const infos: StepInfo[] = [];
    for (let i = 0; i < count; i++) {
      trainer.restorePosition(start);
      infos.push(...(await trainer.advance()));
    }
    infos.push(...(await trainer.settle()));
    return infos.map(({ seconds }) => seconds);
  }
}

function contestOf(config: RunConfig): (request: ContestRequest, progress: Progress) => Promise<Contest> {
  if (isRankingConfig(config)) return contestOfRows;
  return generationOf(config) === undefined ? contestOfSequences : contestOfCodes;
}

type ContestRequest = SubjectRequest & { readonly peers: readonly Peer[] };

async function contestOfCodes(request: ContestRequest, progress: Progress): Promise<Contest> {
  const { name, config, generation, choice, trainer } = await openCodesSubject(request, progress);
  const { codes, temperature, language } = generation;
  const batch = makeBatch(trainer.epochExamples(0), trainer.batchIndices(0, 0));
  const { config: model } = trainer.model;
  const absent = withoutPeer(model, language);
  const input =
    request.peers.length === 0 || absent !== undefined
      ? undefined
      : writeCodesStep(model, codeSymbols(codes), { batch, seed: config.seed, temperature });
  if (request.peers.length > 0 && absent !== undefined) progress.note(`no peer: ${absent}`);
  return { name, choice, trainer, units: batch.itemIds.length, unit: 'tokens', input };
}

async function contestOfSequences(request: ContestRequest, progress: Progress): Promise<Contest> {
  const { name, config, choice, numItems, examples, model, trainer } = await openSubject(request, progress);
  const batch = makeBatch(examples, trainer.batchIndices(0, 0), trainer.model.columns);
  const input = request.peers.length === 0 ? undefined : sequenceInput();
  if (input !== undefined && trainer.options.embeddings === 'rowwise')
    progress.note('ours trains the item table by rows, the peers all of it in every step');
  return { name, choice, trainer, units: batch.itemIds.length, unit: 'tokens', input };

  function sequenceInput(): PeerInput {
    const { numNegatives, temperature } = sequenceObjective(config);
    return writePeerInput(model.config, numItems, numNegatives, temperature, batch);
  }
}

async function contestOfRows(request: ContestRequest, progress: Progress): Promise<Contest> {
  const { name, config, choice, trainer, label } = await openRankingSubject(request, progress);
  const indices = trainer.batchIndices(0, 0);
  const columns = batchColumns(trainer.model, trainer.task);
  const batch = makeBatch(trainer.epochExamples(0), indices, columns);
  const labels = batch.columns?.targets?.get(label);
  const input =
    request.peers.length === 0 || labels?.kind !== 'number'
      ? undefined
      : writeRowsInput(config, trainer.model, batch, labels.values, rowPeerOf(config.model));
  return { name, choice, trainer, units: indices.length, unit: 'rows', input };
}

export function listStepBench(bench: StepBench): Listing {
  const ours = median(bench.seqrec);
  const rate = bench.flops / ours / 1e9;
  const row = (name: string, seconds: readonly number[]): string[] => {
    const { minimum, median: middle, maximum } = spread(seconds);
    const ms = [minimum, middle, maximum].map((s) => (s * 1000).toFixed(1));
    return [name, ...ms, (bench.tokens / middle).toFixed(0), (middle / ours).toPrecision(3)];
  };
  const measured = bench.peers
    .filter(({ seconds }) => seconds.length > 0)
    .map(({ name, torch, seconds }) => row(torch === undefined ? name : `${name} (${torch})`, seconds));
  const titles = ['step', 'min ms', 'median ms', 'max ms', `${bench.unit ?? 'tokens'}/s`, 'ratio of medians'];
  const pairs = [
    ['recipe', bench.recipe],
    ['batch', `${bench.tokens} ${bench.unit ?? 'tokens'}`],
    ['threads', String(bench.threads)],
    ['cpu', `${bench.environment.cpu}, Node ${bench.environment.node}`],
    ['rounds', `${bench.rounds}, contestants in turn`],
    ['useful work', `${(bench.flops / 1e9).toFixed(2)} GFLOP a step, ${rate.toFixed(1)} GFLOP/s`],
    [
      'share',
      `${((100 * rate) / bench.gemm).toFixed(0)} % of our 1024 x 1024 x 1024 product, ${bench.gemm.toFixed(1)} GFLOP/s in this run`,
    ],
  ] as const;
  const missing = bench.peers.map(({ name, missing }) => missing !== undefined && `${name}: ${missing}`);
  const products = productsOf(bench.environment);
  const alone = bench.own === undefined ? [] : [row('seqrec, own kernels', bench.own)];
  return [
    { pairs: products === undefined ? pairs : [...pairs, ['products', describeProducts(products)]] },
    figures(titles, [row('seqrec', bench.seqrec), ...alone, ...measured]),
    ...lines(...missing),
  ];
}
