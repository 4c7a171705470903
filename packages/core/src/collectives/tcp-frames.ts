/** What a frame between two ranks is: pieces of an exchange, the end of all, a sign of life, a good-bye. */
export const frameKinds = { data: 1, abort: 2, alive: 3, bye: 4, hello: 5 } as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

export interface Frame {
  readonly kind: FrameKind;
  readonly tag: number;
  readonly bytes: Uint8Array;
}

/** Kind and magic, tag, length: uint32, uint32, float64, little-endian. */
const HEADER = 16;
/** `SQ` and the version of the format in the upper half of the first word: nobody else's bytes begin so. */
const MAGIC = 0x5351_0000 + 0x0100;

export function frameHeader(kind: FrameKind, tag: number, length: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER));
  header.setUint32(0, MAGIC + kind, true);
  header.setUint32(4, tag, true);
  header.setFloat64(8, length, true);
  return new Uint8Array(header.buffer);
}

/** Takes a stream of bytes apart into frames, each with bytes of its own. */
export class FrameReader {
  readonly #header = new Uint8Array(HEADER);
  readonly #take: (frame: Frame) => void;
  readonly #largest: number;
  #have = 0;
  #body: { readonly kind: FrameKind; readonly tag: number; readonly bytes: Uint8Array; have: number } | undefined;

  /** @param largest bytes of a frame that are taken; a stranger's length is no reason to allocate. */
  constructor(take: (frame: Frame) => void, largest = 2 ** 40) {
    this.#take = take;
    this.#largest = largest;
  }

  /** @throws Error when the bytes are no frames of this version. */
  push(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0; ) rest = this.pushOne(rest);
  }

  /** As {@link push}, up to the end of a frame; gives what is behind it. @throws Error as {@link push}. */
  pushOne(chunk: Uint8Array): Uint8Array {
    for (let at = 0; at < chunk.length; ) {
      if (this.#body === undefined) {
        const count = Math.min(HEADER - this.#have, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + count), this.#have);
        this.#have += count;
        at += count;
        if (this.#have === HEADER && this.#begin()) return chunk.subarray(at);
        continue;
      }
      const { bytes } = this.#body;
      const count = Math.min(bytes.length - this.#body.have, chunk.length - at);
      bytes.set(chunk.subarray(at, at + count), this.#body.have);
      this.#body.have += count;
      at += count;
      if (this.#finish()) return chunk.subarray(at);
    }
    return chunk.subarray(chunk.length);
  }

  /** Whether the frame is whole. */
  #begin(): boolean {
    const view = new DataView(this.#header.buffer);
    const kind = view.getUint32(0, true) - MAGIC;
    const length = view.getFloat64(8, true);
    if (kind < 1 || kind > frameKinds.hello || !Number.isSafeInteger(length) || length < 0 || length > this.#largest)
      throw new Error('expected frames of seqrec ranks of the same version; got other bytes');
    this.#have = 0;
    this.#body = { kind: kind as FrameKind, tag: view.getUint32(4, true), bytes: new Uint8Array(length), have: 0 };
    return this.#finish();
  }

  #finish(): boolean {
    const body = this.#body;
    if (body === undefined || body.have < body.bytes.length) return false;
    this.#body = undefined;
    this.#take(body);
    return true;
  }
}
