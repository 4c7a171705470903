import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ChainPlace, type Delta, deltaFromBytes, otherData, placeAfter, readWholeFile } from '@seqrec/models';

export interface DeltaFolderOptions {
  readonly folder: string;
  /** Where the weights stand that are served. */
  readonly place: ChainPlace;
  /** Digest of the data whose items are served. */
  readonly data: string;
  /** Applies a delta, or throws with what is wrong with it. */
  readonly update: (bytes: Uint8Array, name: string) => Promise<void>;
  /** Told of each delta that is applied, refused or waits. */
  readonly note: (text: string) => void;
  /** Milliseconds between two looks; default 1000. */
  readonly everyMs?: number;
}

interface Pending {
  readonly bytes: Uint8Array;
  readonly delta: Delta;
  told: boolean;
}

/**
 * A folder into which a publisher writes deltas, and whose deltas are applied in the order of their chain, whatever
 * they are called. A delta that is refused is told once and left aside; serving goes on with the weights that are
 * there. One that comes before its predecessors waits for them.
 */
export class DeltaFolder {
  readonly #options: DeltaFolderOptions;
  readonly #seen = new Set<string>();
  readonly #pending = new Map<string, Pending>();
  #place: ChainPlace;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: DeltaFolderOptions) {
    this.#options = options;
    this.#place = options.place;
  }

  /** Where the weights stand that are served. */
  get place(): ChainPlace {
    return this.#place;
  }

  /** Looks now and then, until {@link stop}. */
  start(): void {
    this.#timer = setInterval(() => void this.look(), this.#options.everyMs ?? 1000);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Applies what is there and fits; one look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    await this.#readNew();
    const sorted = [...this.#pending].sort(([, a], [, b]) => a.delta.number - b.delta.number);
    for (const [file, pending] of sorted) {
      const { delta, bytes } = pending;
      const next = this.#place.deltas + 1;
      if (delta.base === this.#place.base && delta.number > next) {
        if (!pending.told) this.#options.note(`${file}: delta ${delta.number} waits for delta ${next}`);
        pending.told = true;
        continue;
      }
      this.#pending.delete(file);
      try {
        await this.#options.update(bytes, file);
        this.#place = placeAfter(delta);
        this.#options.note(
          `${file}: serving with delta ${delta.number}, step ${delta.toStep}; histories are computed again when asked about`,
        );
        const others = otherData(delta.state, this.#options.data);
        if (others !== undefined) this.#options.note(`${file}: ${others}`);
      } catch (error) {
        this.#refused(error);
      }
    }
  }

  /** Files that were not there before, or are others now. */
  async #readNew(): Promise<void> {
    const { folder } = this.#options;
    const names = existsSync(folder) ? readdirSync(folder).sort() : [];
    for (const name of names) {
      // What a writer has not finished begins with a dot.
      if (name.startsWith('.') || !name.endsWith('.safetensors')) continue;
      const file = join(folder, name);
      const stat = statSync(file, { throwIfNoEntry: false });
      const key = `${file} ${stat?.size} ${stat?.mtimeMs} ${stat?.ino}`;
      if (stat === undefined || this.#seen.has(key)) continue;
      this.#seen.add(key);
      try {
        const bytes = await readWholeFile(file);
        this.#pending.set(file, { bytes, delta: deltaFromBytes(bytes, file), told: false });
      } catch (error) {
        this.#refused(error);
      }
    }
  }

  #refused(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#options.note(`${message}; not applied, serving goes on with the weights that are there`);
  }
}
