import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import { readWholeFile, writeFileAtomic } from '../io/files.ts';
import { decodeLayout, type Entry } from '../io/safetensors.ts';
import { parseState } from '../train/checkpoint-format.ts';
import { storedDigests } from '../train/checksums.ts';
import type { Delta, TableDelta } from './delta.ts';
import { DELTA_FORMAT, DELTA_VERSION, digestOf, encodeDelta, tensorName } from './delta-format.ts';
import type { Weight } from './snapshot.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const aboutSchema = z.strictObject({
  base: sha256,
  previous: sha256,
  number: z.int().min(1),
  fromStep: count,
  toStep: count,
  policy: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('touched') }),
    z.strictObject({ kind: z.literal('top'), share: z.number() }),
    z.strictObject({ kind: z.literal('threshold'), norm: z.number() }),
    z.strictObject({ kind: z.literal('budget'), bytes: z.number() }),
  ]),
  tables: z.array(z.tuple([z.string(), z.tuple([count, count])])),
  featuresDigest: sha256.optional(),
});

/**
 * Writes a delta as a safetensors file, atomically: a reader, or a crash at any moment, sees no half file.
 *
 * @throws CheckpointError when it cannot be written.
 */
export async function writeDelta(file: string, delta: Delta): Promise<void> {
  await writeFileAtomic(file, encodeDelta(delta).pieces);
}

/**
 * Reads a delta and checks it: its digest, the checksum of each tensor, names and shapes.
 *
 * @throws CheckpointError when the file is missing, truncated, damaged or no delta.
 */
export async function readDelta(file: string): Promise<Delta> {
  return deltaFromBytes(await readWholeFile(file), file);
}

/** {@link readDelta} of bytes in memory; `name` is for messages. @throws CheckpointError */
export function deltaFromBytes(bytes: Uint8Array, name = 'delta'): Delta {
  const { metadata, entries, dataStart } = decodeLayout(bytes, bytes.length, name);
  const { format, version, checksums = '', delta = '', state = '' } = metadata;
  if (format !== DELTA_FORMAT)
    fail(name, `expected the metadata of a ${DELTA_FORMAT}; got ${format === undefined ? 'none' : `"${format}"`}`);
  if (version !== DELTA_VERSION) fail(name, `expected version ${DELTA_VERSION}; got ${version ?? 'none'}`);
  const digest = digestOf({ checksums, delta, state });
  if (digest !== metadata.sha256) fail(name, 'expected a header with the stored digest; got another; it is damaged');
  const about = aboutOf(delta, name);
  const expected = storedDigests(checksums, entries, name);
  const arrays = new Map<string, Stored>();
  for (const entry of entries) {
    // Copied, so that it is aligned and does not keep the whole file alive.
    const own = Uint8Array.prototype.slice.call(bytes, dataStart + entry.begin, dataStart + entry.end);
    if (createHash('sha256').update(own).digest('hex') !== expected.get(entry.name))
      fail(name, `expected '${entry.name}' with the stored checksum; got other bytes; the file is damaged there`);
    arrays.set(entry.name, { entry, buffer: own.buffer as ArrayBuffer });
  }
  const reader = new Reader(arrays, name);
  const tables = new Map(about.tables.map(([table, shape]) => [table, reader.table(table, shape)]));
  const dense = reader.dense();
  reader.finish();
  return {
    ...about,
    tables,
    dense,
    state: parseState(state, name),
    name,
    digest,
    bytes: bytes.length,
  };
}

interface Stored {
  readonly entry: Entry;
  readonly buffer: ArrayBuffer;
}

/** Takes the tensors of a delta one by one, and complains of what is left. */
class Reader {
  readonly #left: Map<string, Stored>;
  readonly #file: string;

  constructor(left: Map<string, Stored>, file: string) {
    this.#left = left;
    this.#file = file;
  }

  dense(): Map<string, Weight> {
    const prefix = tensorName.dense('');
    const names = [...this.#left.keys()].filter((name) => name.startsWith(prefix));
    return new Map(
      names.map((name) => {
        const { shape } = this.#left.get(name)!.entry;
        return [name.slice(prefix.length), { shape, data: this.#floats(name, shape) }];
      }),
    );
  }

  table(name: string, shape: readonly [number, number]): TableDelta {
    const [rows, width] = shape;
    const idsName = tensorName.ids(name);
    if (!this.#left.has(idsName)) return { shape, ids: new Int32Array(0), rows: new Float32Array(0) };
    const n = this.#left.get(idsName)!.entry.shape[0] ?? 0;
    const ids = new Int32Array(this.#take(idsName, 'I32', [n]));
    const bad = ids.findIndex((id, i) => id < 0 || id >= rows || (i > 0 && id <= ids[i - 1]));
    if (bad >= 0) {
      const after = bad === 0 ? '' : ` after ${ids[bad - 1]}`;
      fail(this.#file, `'${idsName}': expected increasing rows below ${rows}; got ${ids[bad]}${after}`);
    }
    const own = [n, width];
    const rowsName = tensorName.rows(name);
    if (!this.#left.has(tensorName.scales(name))) return { shape, ids, rows: this.#floats(rowsName, own) };
    const scales = this.#floats(tensorName.scales(name), [n]);
    return { shape, ids, rows: { scales, values: new Int8Array(this.#take(rowsName, 'I8', own)) } };
  }

  finish(): void {
    const [left] = this.#left.keys();
    if (left !== undefined) fail(this.#file, `expected tensors of a delta; got also '${left}'`);
  }

  #floats(name: string, shape: readonly number[]): Float32Array {
    const data = new Float32Array(this.#take(name, 'F32', shape));
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) fail(this.#file, `'${name}': expected finite numbers; got ${data[bad]} at ${bad}`);
    return data;
  }

  #take(name: string, dtype: string, shape: readonly number[]): ArrayBuffer {
    const stored = this.#left.get(name);
    const wanted = `'${name}' as ${dtype} [${shape.join(', ')}]`;
    if (stored === undefined) return fail(this.#file, `expected ${wanted}; got none`);
    const { entry, buffer } = stored;
    if (entry.dtype !== dtype || entry.shape.join() !== shape.join())
      fail(this.#file, `expected ${wanted}; got ${entry.dtype} [${entry.shape.join(', ')}]`);
    this.#left.delete(name);
    return buffer;
  }
}

function aboutOf(text: string, file: string): z.output<typeof aboutSchema> {
  // Its digest was checked: it is what was written.
  const result = aboutSchema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return fail(file, `${issue.path.join('.')}: ${issue.message}`);
}

function fail(file: string, problem: string): never {
  throw new CheckpointError(`delta: ${file}: ${problem}`, file);
}
