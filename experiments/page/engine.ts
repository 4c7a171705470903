import type { PageModel } from '../src/report/page/page-data.ts';
import type { ReplyMessage, StartOptions } from './protocol.ts';
import { type CallMessage, type CallName, type Calls, EngineError, type EngineParts } from './protocol.ts';

type Result<K extends CallName> = Awaited<ReturnType<Calls[K]>>;

/** The model of the page on one backend, in a worker of its own; one call at a time. */
export class Engine {
  readonly parts: EngineParts;
  /** Starting the backend, loading the weights and a first recommendation. */
  readonly startMilliseconds: number;
  readonly #worker: ModelWorker;

  private constructor(worker: ModelWorker, parts: EngineParts, began: number) {
    this.#worker = worker;
    this.parts = parts;
    this.startMilliseconds = performance.now() - began;
  }

  /** @throws EngineError: what the backend or the checkpoint has to say. */
  static async start(
    options: StartOptions,
    weights: Uint8Array<ArrayBuffer>,
    { latestTime, codes }: PageModel,
  ): Promise<Engine> {
    const began = performance.now();
    const worker = new ModelWorker();
    try {
      await worker.listening;
      return new Engine(worker, await worker.call('start', options, weights, { latestTime, codes }), began);
    } catch (error) {
      worker.end();
      throw error;
    }
  }

  /** The `k` best items after a history of dense ids, from kept state where the model allows it. */
  answer(history: readonly number[], k: number): Promise<Result<'answer'>> {
    return this.#worker.call('answer', history, k);
  }

  /** The same by a pass over the whole history. */
  fullPass(history: readonly number[], k: number): Promise<Result<'fullPass'>> {
    return this.#worker.call('fullPass', history, k);
  }

  /** Compares the vector of the history that was answered last with that of a full pass. */
  check(): Promise<Result<'check'>> {
    return this.#worker.call('check');
  }

  /** Forgets the history. */
  drop(): Promise<void> {
    return this.#worker.call('drop');
  }

  /** Frees weights, state and backend. */
  dispose(): void {
    this.#worker.end();
  }
}

interface Waiting {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: Error) => void;
}

class ModelWorker {
  /** When it can be called. */
  readonly listening: Promise<void>;
  readonly #worker: Worker;
  #waiting: Waiting | undefined;

  constructor() {
    // A worker from a blob is under the security policy of the page; one from a file would be under none. For what is
    // imported at run time `script-src` holds, else `worker-src`.
    const script = new URL('./worker.js', import.meta.url).href;
    const text = `import(${JSON.stringify(script)}).catch((error) => postMessage({ failed: { message: String(error) } }));`;
    const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    this.#worker = new Worker(address, { type: 'module', name: 'model' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<ReplyMessage>) => {
      const waiting = this.#take();
      if ('failed' in data) waiting?.reject(new EngineError(data.failed.message, data.failed.code));
      else waiting?.resolve(('value' in data ? data.value : undefined) as never);
    });
    this.#worker.addEventListener('error', ({ message }) => {
      this.#take()?.reject(
        new EngineError(`worker: expected ${script} to run; got ${message || 'no reason'}; write the page again`),
      );
    });
    this.listening = this.#wait<void>().finally(() => URL.revokeObjectURL(address));
  }

  call<K extends CallName>(call: K, ...args: Parameters<Calls[K]>): Promise<Result<K>> {
    const result = this.#wait<Result<K>>();
    this.#worker.postMessage({ call, args } satisfies CallMessage);
    return result;
  }

  end(): void {
    this.#worker.terminate();
    this.#take()?.reject(new EngineError('worker: expected an answer before its end'));
  }

  #wait<T>(): Promise<T> {
    if (this.#waiting !== undefined) throw new Error('worker: expected one call at a time');
    return new Promise<T>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
