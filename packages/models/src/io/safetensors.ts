import { CheckpointError } from '../errors.ts';
import { type DType, decodeElements, ELEMENT_BYTES, isDType, isReadable } from './dtypes.ts';
import { repeatedKey } from './repeated-key.ts';
import { unreadableType } from './unreadable-type.ts';

/** A tensor of a safetensors file. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Content of a safetensors file. */
export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the JSON header. */
const MAX_HEADER_BYTES = 100_000_000;
const PREFIX_BYTES = 8;

export interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Type and shape of a stored tensor. */
export interface TensorHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What the beginning of a file says about the rest. */
export interface Layout {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  readonly entries: readonly Entry[];
  /** Where the data section begins; `begin` and `end` of the entries count from there. */
  readonly dataStart: number;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Header of a file whose data section holds these tensors one after the other, with the length in front. */
export function encodeHeader(
  tensors: Iterable<readonly [string, TensorHeader]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: [string, unknown][] = [['__metadata__', metadata]];
  let offset = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const end = offset + elementCount(shape) * ELEMENT_BYTES[dtype];
    header.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const head = new Uint8Array(PREFIX_BYTES + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - PREFIX_BYTES), true);
  head.set(text, PREFIX_BYTES);
  return head;
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function dtypeOf(data: Float32Array | Int32Array): DType {
  return data instanceof Float32Array ? 'F32' : 'I32';
}

/**
 * Encodes tensors as a safetensors file: u64 header length, JSON header padded to 8 bytes, then
 * the data, little-endian.
 *
 * @returns the pieces of the file in order; data is not copied.
 */
export function encodeSafetensors({ tensors, metadata }: SafetensorsContent): Uint8Array[] {
  const headers = [...tensors].map(([name, { shape, data }]) => [name, { dtype: dtypeOf(data), shape }] as const);
  return [encodeHeader(headers, metadata), ...[...tensors.values()].map(({ data }) => bytesOf(data))];
}

/**
 * Decodes a safetensors file of float32 and int32 tensors; float64, float16 and bfloat16 become float32. Strict:
 * the header must be valid JSON without repeated keys, and the tensors must fill the data section exactly,
 * without holes or overlaps.
 *
 * @param file name of the file, for messages.
 * @throws CheckpointError saying what is wrong.
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): SafetensorsContent {
  const { metadata, entries, dataStart } = decodeLayout(bytes, bytes.length, file);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    // Copied, so that it is aligned and does not keep the whole file alive. A Node `Buffer` has a
    // `slice` that does not copy.
    const copy = Uint8Array.prototype.slice.call(bytes, dataStart + begin, dataStart + end).buffer;
    if (!isReadable(dtype)) throw unreadableType(file, name, dtype);
    tensors.set(name, { shape, data: decodeElements(dtype, copy as ArrayBuffer) });
  }
  return { tensors, metadata };
}

/** Bytes of length prefix and header, as the first eight bytes of a file say. @throws CheckpointError. */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  const fail = failure(file);
  if (prefix.length < PREFIX_BYTES) fail(`expected at least 8 bytes; got ${prefix.length}; the file is truncated`);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    fail(`expected a header of at most ${MAX_HEADER_BYTES} bytes; got ${length}; this is no safetensors file`);
  }
  const dataStart = PREFIX_BYTES + Number(length);
  if (dataStart > fileBytes) {
    fail(`expected a header of ${length} bytes; got ${fileBytes - PREFIX_BYTES}; the file is truncated`);
  }
  return dataStart;
}

/** Checks and decodes the header of a file of `fileBytes` bytes; `bytes` hold at least prefix and header. */
export function decodeLayout(bytes: Uint8Array, fileBytes: number, file: string): Layout {
  const fail = failure(file);
  const dataStart = headerLength(bytes, fileBytes, file);
  const { __metadata__: metadata = {}, ...rest } = readHeader(bytes.subarray(PREFIX_BYTES, dataStart), fail);
  checkMetadata(metadata, fail);
  const entries = Object.entries(rest).map(([name, value]) => readEntry(name, value, fail));
  checkLayout(entries, fileBytes - dataStart, fail);
  return { metadata, entries, dataStart };
}

function failure(file: string): Fail {
  return (problem) => {
    throw new CheckpointError(`safetensors: ${file}: ${problem}`, file);
  };
}

type Fail = (problem: string) => never;

function readHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const header: unknown = JSON.parse(text);
    if (!isObject(header)) return fail('expected the header to be a JSON object');
    // The format pads with spaces; another blank is damage that JSON does not see.
    if (/[^ ]/.test(text.slice(text.lastIndexOf('}') + 1))) fail('expected spaces alone after the header');
    const repeated = repeatedKey(text);
    if (repeated !== undefined) fail(`expected each key once in the header; got '${repeated}' twice`);
    return header;
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    return fail(`expected a header of valid JSON; ${(error as Error).message}`);
  }
}

function checkMetadata(metadata: unknown, fail: Fail): asserts metadata is Record<string, string> {
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    fail('expected __metadata__ to map strings to strings');
  }
}

function readEntry(name: string, value: unknown, fail: Fail): Entry {
  if (!isObject(value)) return fail(`'${name}': expected dtype, shape and data_offsets; got ${JSON.stringify(value)}`);
  const { dtype, shape, data_offsets: offsets, ...unknown } = value;
  const extra = Object.keys(unknown);
  if (extra.length > 0) fail(`'${name}': expected dtype, shape and data_offsets only; got also ${extra.join(', ')}`);
  if (!isDType(dtype)) {
    const known = Object.keys(ELEMENT_BYTES).join(', ');
    return fail(`'${name}': expected a dtype among ${known}; got ${JSON.stringify(dtype)}`);
  }
  if (!isCounts(shape)) return fail(`'${name}': expected shape to list whole numbers; got ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(`'${name}': expected data_offsets [begin, end]; got ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets;
  const needed = shape.reduce((product, axis) => product * axis, ELEMENT_BYTES[dtype]);
  if (end - begin !== needed) {
    fail(`'${name}': expected ${needed} bytes for ${dtype} [${shape.join(', ')}]; got data_offsets of ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function checkLayout(entries: readonly Entry[], dataBytes: number, fail: Fail): void {
  let expected = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < expected) fail(`'${name}': expected to begin at byte ${expected}; got ${begin}; tensors overlap`);
    if (begin > expected) fail(`'${name}': expected to begin at byte ${expected}; got ${begin}; there is a hole`);
    expected = end;
  }
  if (dataBytes < expected) fail(`expected ${expected} bytes of data; got ${dataBytes}; the file is truncated`);
  if (dataBytes > expected) fail(`expected ${expected} bytes of data; got ${dataBytes}; bytes are left over`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}
