import { finishPrograms, startProgramTimers } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Seconds that the work of `run` takes on the device: by timestamps where it has them, else until it has done all,
 * with the way there and back. On backends without a device, the time of the call.
 */
export async function deviceSeconds(run: () => void): Promise<number> {
  const timers = startProgramTimers();
  if (timers !== undefined) {
    run();
    return (await timers.stop()).reduce((sum, seconds) => sum + seconds, 0);
  }
  await finishPrograms();
  const begin = performance.now();
  run();
  await finishPrograms();
  return (performance.now() - begin) / 1000;
}

/**
 * Devices round their timestamps, by up to a tenth of a millisecond: shorter work is repeated until it has taken this.
 */
const LEAST_SECONDS = 2e-3;
const MOST_CALLS = 4096;

/** Seconds of one call of `run`, however short: of as many calls as the clock of the device needs to tell. */
export async function deviceSecondsOfCall(run: () => void): Promise<number> {
  for (let calls = 1; ; ) {
    const seconds = await deviceSeconds(() => {
      for (let i = 0; i < calls; i++) run();
    });
    if (seconds >= LEAST_SECONDS || calls === MOST_CALLS) return seconds / calls;
    const factor = Math.ceil(LEAST_SECONDS / Math.max(seconds, LEAST_SECONDS / 8)) + 1;
    calls = Math.min(MOST_CALLS, calls * factor);
  }
}

/** Rates that other work is held against. */
export interface DevicePeak {
  readonly gflops: number;
  readonly gbytes: number;
}

/** Best of a few: a square product of `size`, and additions of arrays that no cache holds. */
export async function devicePeak(size = 1024): Promise<DevicePeak> {
  const a = tf.fill([size, size], 0.5);
  const x = tf.fill([1 << 24], 1);
  const best = async (run: () => tf.Tensor): Promise<number> => {
    const seconds: number[] = [];
    // The first one compiles and allocates.
    for (let i = 0; i < 4; i++) seconds.push(await deviceSeconds(() => run().dispose()));
    return Math.min(...seconds.slice(1));
  };
  const product = await best(() => tf.matMul(a, a));
  const sum = await best(() => tf.add(x, x));
  tf.dispose([a, x]);
  return { gflops: (2 * size ** 3) / product / 1e9, gbytes: (2 * 4 * (1 << 24)) / sum / 1e9 };
}
