import type { Socket } from 'node:net';
import { CollectiveError } from './collective-error.ts';
import { type Frame, type FrameKind, FrameReader, frameHeader, frameKinds } from './tcp-frames.ts';

/** Seconds between signs of life, and after how many without one a rank is taken to be gone. */
const ALIVE_EVERY = 5;
const SILENCE = 300;

/** A connection to one other rank. */
export class Link {
  readonly rank: number;
  readonly socket: Socket;
  readonly #frames: Frame[] = [];
  #waiting: { resolve(frame: Frame): void; reject(error: unknown): void } | undefined;
  #failure: CollectiveError | undefined;
  #isLeaving = false;
  #heard = performance.now();
  readonly #alive: ReturnType<typeof setInterval>;
  readonly #onFailure: (error: CollectiveError) => void;

  /** @param onFailure called once, when the other rank is gone or has ended all. */
  constructor(rank: number, socket: Socket, onFailure: (error: CollectiveError) => void) {
    this.rank = rank;
    this.socket = socket;
    this.#onFailure = onFailure;
    const reader = new FrameReader((frame) => this.#take(frame));
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#heard = performance.now();
      try {
        reader.push(chunk as Uint8Array);
      } catch (error) {
        this.fail(new CollectiveError(`rank ${rank}: ${(error as Error).message}`));
      }
    });
    // Paused since its hello.
    socket.resume();
    socket.on('error', (error) => this.#lost(error.message));
    socket.on('close', () => this.#lost('the connection is closed'));
    this.#alive = setInterval(() => {
      const silence = (performance.now() - this.#heard) / 1000;
      if (silence > SILENCE) return this.#lost(`no sign of life for ${Math.round(silence)} s`);
      if (this.#failure === undefined && !socket.destroyed) socket.write(frameHeader(frameKinds.alive, 0, 0));
    }, 1000 * ALIVE_EVERY);
    this.#alive.unref();
  }

  /** Sends a frame; over when the system has taken the bytes. */
  send(kind: FrameKind, tag: number, bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null): void => {
        if (error == null) resolve();
        else {
          this.#lost(error.message);
          reject(this.#failure);
        }
      };
      const header = frameHeader(kind, tag, bytes.byteLength);
      this.socket.write(header, bytes.byteLength === 0 ? done : undefined);
      if (bytes.byteLength > 0) this.socket.write(bytes, done);
    });
  }

  /** The next frame of an exchange. */
  next(): Promise<Frame> {
    const frame = this.#frames.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  fail(error: CollectiveError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearInterval(this.#alive);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
    this.#onFailure(error);
  }

  /** Tells the other rank that the end of the connection is no accident. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    clearInterval(this.#alive);
    if (this.#failure === undefined && !this.socket.destroyed)
      await this.send(frameKinds.bye, 0, new Uint8Array(0)).catch(() => undefined);
    this.socket.end();
  }

  #take(frame: Frame): void {
    if (frame.kind === frameKinds.bye) this.#isLeaving = true;
    else if (frame.kind === frameKinds.abort) this.fail(new CollectiveError(new TextDecoder().decode(frame.bytes)));
    else if (frame.kind === frameKinds.data) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#frames.push(frame);
      else waiting.resolve(frame);
    }
  }

  #lost(why: string): void {
    // After a good-bye, only whoever still waits for something is disappointed.
    if (this.#isLeaving && this.#waiting === undefined) {
      clearInterval(this.#alive);
      this.#failure ??= new CollectiveError(`rank ${this.rank} has left`);
      return;
    }
    this.fail(new CollectiveError(`rank ${this.rank} is gone: ${why}; all ranks end, go on with --resume`));
  }
}
