import * as tf from '@tensorflow/tfjs-core';
import { describeEnvironment, type Environment } from '../../run/folder/environment.ts';
import { formatCount } from '../../terminal/format.ts';
import { figures, type Listing } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { backendLine } from '../backend-facts.ts';
import { openSubject, type SubjectRequest } from './subject.ts';

export interface EpochTiming {
  readonly epoch: number;
  /** Of the steps: batching, forward, backward and optimiser; no evaluation, no logging. */
  readonly seconds: number;
  readonly steps: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly meanLoss: number;
  /** Tensors alive after the epoch that were not alive after its first step. */
  readonly leakedTensors: number;
}

export interface EpochBench {
  readonly recipe: string;
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly environment: Environment;
  /** The first step of all, which also compiles and allocates. */
  readonly firstStepSeconds: number;
  readonly epochs: readonly EpochTiming[];
}

/** Times whole training epochs of a recipe, first step included. */
export async function benchEpoch(request: SubjectRequest & { readonly repeat: number }): Promise<EpochBench> {
  const progress = new Progress({ quiet: request.quiet });
  const { name, choice, trainer } = await openSubject(request, progress);
  const epochs: EpochTiming[] = [];
  let firstStepSeconds = 0;
  progress.start();
  for (let epoch = 1; epoch <= request.repeat; epoch++) {
    let tensors = 0;
    const { stepsPerEpoch } = trainer;
    const result = await trainer.runEpoch({
      onStep: (info) => {
        if (info.globalStep === 0) firstStepSeconds = info.seconds;
        // The optimiser's moments are born in the first step.
        if (info.stepInEpoch === 0) tensors = tf.memory().numTensors;
        progress.update({
          label: `epoch ${epoch}/${request.repeat}  step`,
          done: info.globalStep + 1,
          total: request.repeat * stepsPerEpoch,
          fields: [`${formatCount(info.tokens / info.seconds)} tokens/s`],
        });
      },
    });
    epochs.push({
      epoch,
      seconds: result.seconds,
      steps: stepsPerEpoch,
      tokens: result.tokens,
      tokensPerSecond: result.tokens / result.seconds,
      meanLoss: result.meanLoss,
      leakedTensors: tf.memory().numTensors - tensors,
    });
  }
  progress.clear();
  const environment = describeEnvironment(choice);
  return { recipe: name, backend: choice.name, details: choice.details, environment, firstStepSeconds, epochs };
}

export function listEpochBench(bench: EpochBench): Listing {
  const rows = bench.epochs.map((epoch) => [
    String(epoch.epoch),
    epoch.seconds.toFixed(2),
    String(epoch.steps),
    (epoch.seconds / epoch.steps).toFixed(3),
    formatCount(epoch.tokensPerSecond),
    epoch.meanLoss.toFixed(4),
    String(epoch.leakedTensors),
  ]);
  const titles = ['epoch', 'seconds', 'steps', 's/step', 'tokens/s', 'mean loss', 'tensors leaked'];
  const pairs = [
    ['recipe', bench.recipe],
    ['backend', backendLine(bench.backend, bench.details)],
    ['cpu', `${bench.environment.cpu}, ${bench.environment.cores} threads, Node ${bench.environment.node}`],
    ['first step', `${bench.firstStepSeconds.toFixed(2)} s`],
  ] as const;
  return [{ pairs }, figures(titles, rows, { left: [] })];
}
