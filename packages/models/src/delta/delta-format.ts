import { createHash } from 'node:crypto';
import { ELEMENT_BYTES } from '../io/dtypes.ts';
import { bytesOf, elementCount, encodeHeader, type TensorHeader } from '../io/safetensors.ts';
import { encodeChecksums } from '../train/checksums.ts';
import { type DeltaContent, isInt8 } from './delta.ts';

export const DELTA_FORMAT = 'seqrec-delta';
export const DELTA_VERSION = '1';

/** Names of the tensors of a delta: `dense/NAME` whole; of a table `ids/NAME`, `rows/NAME`, in bytes `scales/NAME`. */
export const tensorName = {
  dense: (name: string) => `dense/${name}`,
  ids: (name: string) => `ids/${name}`,
  rows: (name: string) => `rows/${name}`,
  scales: (name: string) => `scales/${name}`,
} as const;

type Tensors = Map<string, TensorHeader & { readonly data: ArrayBufferView }>;

/** The tensors of a delta, bytes last, so that the others are aligned. Tables without a row have none. */
function tensorsOf({ dense, tables }: Pick<DeltaContent, 'dense' | 'tables'>): Tensors {
  const tensors: Tensors = new Map();
  const bytes: Tensors = new Map();
  for (const [name, { shape, data }] of dense) tensors.set(tensorName.dense(name), { dtype: 'F32', shape, data });
  for (const [name, { shape, ids, rows }] of tables) {
    if (ids.length === 0) continue;
    const own = [ids.length, shape[1]];
    tensors.set(tensorName.ids(name), { dtype: 'I32', shape: [ids.length], data: ids });
    if (isInt8(rows)) {
      tensors.set(tensorName.scales(name), { dtype: 'F32', shape: [ids.length], data: rows.scales });
      bytes.set(tensorName.rows(name), { dtype: 'I8', shape: own, data: rows.values });
    } else tensors.set(tensorName.rows(name), { dtype: 'F32', shape: own, data: rows });
  }
  return new Map([...tensors, ...bytes]);
}

/** What a delta says about itself, in three texts. */
export interface DeltaTexts {
  readonly checksums: string;
  readonly delta: string;
  readonly state: string;
}

/** The digest of a delta: of its texts, of which one holds the checksums of its tensors. */
export function digestOf({ checksums, delta, state }: DeltaTexts): string {
  return createHash('sha256').update(`${checksums}\n${delta}\n${state}`).digest('hex');
}

/** The pieces of the file of a delta. */
export function encodeDelta(content: DeltaContent): {
  readonly pieces: readonly Uint8Array[];
  readonly digest: string;
} {
  const tensors = tensorsOf(content);
  const sha256 = (data: ArrayBufferView): string => createHash('sha256').update(bytesOf(data)).digest('hex');
  const digests = new Map(Array.from(tensors, ([name, { data }]) => [name, sha256(data)]));
  const texts = textsOf(content, tensors, digests);
  const digest = digestOf(texts);
  return {
    pieces: [headerOf(texts, digest, tensors), ...Array.from(tensors.values(), ({ data }) => bytesOf(data))],
    digest,
  };
}

/** Length of the file of a delta; of its arrays only the lengths count. */
export function deltaBytes(content: DeltaContent): number {
  const tensors = tensorsOf(content);
  const none = '0'.repeat(64);
  const texts = textsOf(content, tensors, new Map(Array.from(tensors.keys(), (name) => [name, none])));
  let bytes = headerOf(texts, none, tensors).length;
  for (const { dtype, shape } of tensors.values()) bytes += elementCount(shape) * ELEMENT_BYTES[dtype];
  return bytes;
}

function textsOf(content: DeltaContent, tensors: Tensors, digests: ReadonlyMap<string, string>): DeltaTexts {
  const { base, previous, number, fromStep, toStep, policy, state, tables, featuresDigest } = content;
  const shapes = Array.from(tables, ([name, { shape }]) => [name, shape]);
  return {
    checksums: encodeChecksums(tensors, digests),
    delta: JSON.stringify({ base, previous, number, fromStep, toStep, policy, tables: shapes, featuresDigest }),
    state: JSON.stringify(state),
  };
}

function headerOf(texts: DeltaTexts, digest: string, tensors: Tensors): Uint8Array {
  return encodeHeader(tensors, { format: DELTA_FORMAT, version: DELTA_VERSION, ...texts, sha256: digest });
}
