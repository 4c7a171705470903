import { statSync } from 'node:fs';
import {
  applyDelta,
  makeDelta,
  parametersDigest,
  readDelta,
  type Snapshot,
  tablesOf,
  type Weight,
  writeDelta,
} from '@seqrec/models';
import { RunError } from '../../errors.ts';
import type { ReplayLine } from './replay.ts';

/** What a line was sent, all loads together. */
export interface Sent {
  readonly loads: number;
  readonly bytes: number;
  /** Rows of all tables. */
  readonly rows: number;
  /** Loads after which the consumer held the full weights byte for byte. */
  readonly equal: number;
}

/** Serves with what it is sent, by files. */
export class Consumer {
  readonly line: ReplayLine;
  #held: Snapshot;
  #digest: string;
  #sent: Sent = { loads: 0, bytes: 0, rows: 0, equal: 0 };

  constructor(line: ReplayLine, base: Snapshot) {
    this.line = line;
    this.#held = base;
    this.#digest = base.place.base;
  }

  get weights(): ReadonlyMap<string, Weight> {
    return this.#held.weights;
  }

  /** Digest of the weights. */
  get digest(): string {
    return this.#digest;
  }

  get sent(): Sent {
    return this.#sent;
  }

  /**
   * Takes new weights.
   *
   * @param fullFile of all weights: what a full load sends. @param file where a delta is written.
   * @throws RunError when a delta of all rows leads to other bytes than the full load.
   */
  async update(to: Snapshot, fullFile: string, file: string): Promise<void> {
    const { line } = this;
    if (line.send === 'full') {
      this.#take(to, statSync(fullFile).size, 0, to);
      return;
    }
    const delta = makeDelta(this.#held, to, await tablesOf(to), { ...line.send, name: file });
    await writeDelta(file, delta);
    const rows = [...delta.tables.values()].reduce((sum, { ids }) => sum + ids.length, 0);
    this.#take(applyDelta(this.#held, await readDelta(file)), statSync(file).size, rows, to);
    if (line.send.rows.kind === 'touched' && !line.send.int8 && this.#digest !== to.place.base)
      throw new RunError(`${line.name}: expected the weights of a full load, ${to.place.base}; got ${this.#digest}`);
  }

  #take(held: Snapshot, bytes: number, rows: number, to: Snapshot): void {
    this.#held = held;
    this.#digest = parametersDigest(held.weights);
    const before = this.#sent;
    this.#sent = {
      loads: before.loads + 1,
      bytes: before.bytes + bytes,
      rows: before.rows + rows,
      equal: before.equal + (this.#digest === to.place.base ? 1 : 0),
    };
  }
}
