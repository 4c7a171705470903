import { type BackendChoice, type BackendName, useBackend } from '@seqrec/core';
import { modelFromBytes, type Recommendation, recommend, type TokenEncoder } from '@seqrec/models';
import { madeUpTimes } from '../src/report/page/page-data.ts';

/** Backends that a browser can run. */
export const pageBackends = ['simd', 'webgpu', 'cpu'] as const satisfies readonly BackendName[];
export type PageBackend = (typeof pageBackends)[number];

export interface StartOptions {
  readonly backend: PageBackend | 'auto';
  readonly threads?: number;
}

/** Recommendations and how long they took, reading them back included. */
export interface Answer {
  readonly items: readonly Recommendation[];
  readonly milliseconds: number;
}

/** The model of the page on one backend. */
export class Engine {
  readonly choice: BackendChoice;
  readonly model: TokenEncoder;
  /** Starting the backend, loading the weights and a first recommendation, which compiles what has to be compiled. */
  readonly startMilliseconds: number;
  readonly #latestTime: number | undefined;

  private constructor(choice: BackendChoice, model: TokenEncoder, latestTime: number | undefined, began: number) {
    this.choice = choice;
    this.model = model;
    this.#latestTime = latestTime;
    this.startMilliseconds = performance.now() - began;
  }

  /** @throws what the backend or the checkpoint has to say. */
  static async start(
    { backend, threads }: StartOptions,
    weights: Uint8Array<ArrayBuffer>,
    latestTime: number | undefined,
  ): Promise<Engine> {
    const began = performance.now();
    const choice = await useBackend(backend, threads === undefined ? {} : { threads });
    const model = await modelFromBytes(weights, 'model.safetensors');
    await recommend({ model, history: [1], timestamps: madeUpTimes(1, latestTime), k: 1 });
    return new Engine(choice, model, latestTime, began);
  }

  /** The `k` best items after a history of dense ids, oldest first, without those of the history. */
  async recommend(history: readonly number[], k: number): Promise<Answer> {
    const began = performance.now();
    const timestamps = madeUpTimes(history.length, this.#latestTime);
    // Where numbers in the sequence stand for times, the next event has the next one.
    const next = this.#latestTime === undefined ? { requestTime: history.length } : {};
    const items = await recommend({ model: this.model, history, timestamps, ...next, k });
    return { items, milliseconds: performance.now() - began };
  }

  /** Frees the weights; the backend stays. */
  dispose(): void {
    this.model.dispose();
  }
}
