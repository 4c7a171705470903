import { closeSync, openSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import CRC32C from 'crc-32/crc32c.js';

/**
 * Writes scalars to a TensorBoard events file.
 *
 * Framing is TFRecord: `uint64 length, uint32 maskedCrc(length), data, uint32 maskedCrc(data)`, little endian, where
 * `maskedCrc = rotateRight(crc32c, 15) + 0xa282ead8`. The data are `tensorflow.Event` protocol
 * buffers, encoded by hand.
 * Source: tensorflow/core/lib/io/record_writer.h and tensorflow/core/util/event.proto.
 */
export class TensorBoardWriter {
  readonly file: string;
  readonly #descriptor: number;
  readonly #now: () => number;

  /**
   * Opens a new events file in `folder`. With `resumeStep`, a session-start event tells TensorBoard to drop what an
   * earlier file of the folder holds from that step on, so that a resumed run shows one line.
   */
  constructor(folder: string, options: { readonly resumeStep?: number; readonly now?: () => number } = {}) {
    this.#now = options.now ?? (() => Date.now() / 1000);
    const stamp = String(Math.floor(this.#now())).padStart(10, '0');
    let name = `events.out.tfevents.${stamp}.${hostname()}.${process.pid}.0`;
    let descriptor: number | undefined;
    // Two files may open within one second: TensorBoard reads them in the order of their names.
    for (let attempt = 1; descriptor === undefined; attempt++) {
      try {
        descriptor = openSync(join(folder, name), 'wx');
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
        name = name.replace(/\.\d+$/, `.${attempt}`);
      }
    }
    this.file = join(folder, name);
    this.#descriptor = descriptor;
    this.#write([...doubleField(1, this.#now()), ...bytesField(3, utf8('brain.Event:2'))]);
    if (options.resumeStep !== undefined) {
      const sessionStart = [...varintField(1, 1)];
      this.#write([
        ...doubleField(1, this.#now()),
        ...varintField(2, options.resumeStep),
        ...bytesField(7, sessionStart),
      ]);
    }
  }

  scalars(step: number, values: Readonly<Record<string, number>>): void {
    const summary: number[] = [];
    for (const [tag, value] of Object.entries(values)) {
      summary.push(...bytesField(1, [...bytesField(1, utf8(tag)), ...floatField(2, value)]));
    }
    this.#write([...doubleField(1, this.#now()), ...varintField(2, step), ...bytesField(5, summary)]);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(event: readonly number[]): void {
    writeFileSync(this.#descriptor, frameRecord(Uint8Array.from(event)));
  }
}

/** One TFRecord. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

export function maskedCrc(bytes: Uint8Array): number {
  const crc = CRC32C.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

// Protocol buffers: a field is a varint key `(number << 3) | wireType` and its payload.
// Wire types used: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return bytes;
}

function varintField(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}

function doubleField(field: number, value: number): number[] {
  return [...varint((field << 3) | 1), ...new Uint8Array(Float64Array.of(value).buffer)];
}

function bytesField(field: number, value: ArrayLike<number>): number[] {
  return [...varint((field << 3) | 2), ...varint(value.length), ...Array.from(value)];
}

function floatField(field: number, value: number): number[] {
  return [...varint((field << 3) | 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
