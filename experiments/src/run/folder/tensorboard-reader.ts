import { RunError } from '../../errors.ts';
import { maskedCrc } from './tensorboard.ts';

export interface TensorBoardEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly sessionStart?: boolean;
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * Reads the events that `TensorBoardWriter` writes, checking both checksums of every record. A torn
 * last record is left out.
 */
export function readTensorBoard(bytes: Uint8Array, name = 'events file'): TensorBoardEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: TensorBoardEvent[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== maskedCrc(bytes.subarray(at, at + 8)))
      throw new RunError(`${name}: record length at byte ${at} fails its checksum`);
    if (at + 16 + length > bytes.length) break;
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== maskedCrc(data))
      throw new RunError(`${name}: record at byte ${at} fails its checksum`);
    events.push(decodeEvent(data));
    at += 16 + length;
  }
  return events;
}

function decodeEvent(data: Uint8Array): TensorBoardEvent {
  const event = { wallTime: 0, step: 0, scalars: {} as Record<string, number> };
  let fileVersion: string | undefined;
  let sessionStart: boolean | undefined;
  for (const { field, value } of fields(data)) {
    if (field === 1) event.wallTime = readDouble(value as Uint8Array);
    else if (field === 2) event.step = value as number;
    else if (field === 3) fileVersion = new TextDecoder().decode(value as Uint8Array);
    else if (field === 5) Object.assign(event.scalars, decodeSummary(value as Uint8Array));
    else if (field === 7) sessionStart = true;
  }
  return { ...event, ...(fileVersion && { fileVersion }), ...(sessionStart && { sessionStart }) };
}

function decodeSummary(data: Uint8Array): Record<string, number> {
  const scalars: Record<string, number> = {};
  for (const { value } of fields(data)) {
    let tag = '';
    let scalar = Number.NaN;
    for (const part of fields(value as Uint8Array)) {
      if (part.field === 1) tag = new TextDecoder().decode(part.value as Uint8Array);
      if (part.field === 2) scalar = readFloat(part.value as Uint8Array);
    }
    scalars[tag] = scalar;
  }
  return scalars;
}

function* fields(data: Uint8Array): Generator<{ readonly field: number; readonly value: number | Uint8Array }> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = data[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (count: number) => {
    at += count;
    return data.subarray(at - count, at);
  };
  while (at < data.length) {
    const key = varint();
    const wire = key & 7;
    if (wire === 0) yield { field: key >> 3, value: varint() };
    else if (wire === 1) yield { field: key >> 3, value: take(8) };
    else if (wire === 2) yield { field: key >> 3, value: take(varint()) };
    else if (wire === 5) yield { field: key >> 3, value: take(4) };
    else throw new RunError(`events file: wire type ${wire} is not supported`);
  }
}

function readDouble(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
}

function readFloat(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}
