import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import { isConverted, isDType, isReadable } from '../io/dtypes.ts';
import type { Entry, TensorHeader } from '../io/safetensors.ts';
import type { StoredArray } from '../io/safetensors-file.ts';
import { FORMAT, isMoment } from './checkpoint-format.ts';

/** Hears what somebody should know who loads a file that is usable but not as it was written. */
export type OnNote = (note: string) => void;

const checksumsSchema = z.record(
  z.string(),
  z.strictObject({ dtype: z.string(), shape: z.array(z.int().min(0)), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
);

/**
 * The checksums of a checkpoint: type, shape and SHA-256 of the bytes of each tensor, whatever their order in the file.
 */
export function encodeChecksums(
  tensors: ReadonlyMap<string, TensorHeader>,
  digests: ReadonlyMap<string, string>,
): string {
  const entries = Array.from(tensors, ([name, { dtype, shape }]) => [
    name,
    { dtype, shape, sha256: digests.get(name) },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/** What is to be computed before a file is believed. */
export interface Verification {
  /** SHA-256 that a tensor must have. */
  readonly tensors: ReadonlyMap<string, string>;
  /** SHA-256 of the whole data section, in files of version 1. */
  readonly whole?: string;
  readonly notes: readonly string[];
}

/**
 * Compares what the metadata say about names, types and shapes with what the file has.
 *
 * @throws CheckpointError naming a tensor that is missing, has no checksum or has another shape.
 */
export function planVerification(
  metadata: Readonly<Record<string, string>>,
  entries: readonly Entry[],
  file: string,
): Verification {
  const notes = conversionNotes(entries);
  const verified = new Map<string, string>();
  const ours = metadata.format === FORMAT;
  const stored = ours ? (metadata.version === '1' ? metadata.sha256 : metadata.checksums) : undefined;
  if (stored === undefined) {
    return { tensors: verified, notes: [...notes, 'it has no checksum: whether it is whole could not be checked'] };
  }
  if (metadata.version === '1') return { tensors: verified, ...(notes.length === 0 && { whole: stored }), notes };
  const checksums = parseChecksums(stored, file);
  checkNames(checksums, entries, file);
  for (const { name, dtype, shape } of entries) {
    const saved = checksums[name];
    if (saved.shape.join() !== shape.join()) {
      throw new CheckpointError(
        `checkpoint: ${file}: expected '${name}' as it was saved, ${saved.dtype} [${saved.shape.join(', ')}]; got ${dtype} [${shape.join(', ')}]`,
        file,
      );
    }
    if (saved.dtype === dtype) verified.set(name, saved.sha256);
    else if (!isConverted(dtype) || !isDType(saved.dtype) || !isReadable(saved.dtype)) {
      throw new CheckpointError(
        `checkpoint: ${file}: expected '${name}' as ${saved.dtype}, F64, F16 or BF16; got ${dtype}`,
        file,
      );
    }
  }
  return { tensors: verified, notes };
}

/**
 * The SHA-256 that each tensor must have, where types are kept: of a file that no other program writes again.
 *
 * @param text what {@link encodeChecksums} gave.
 * @throws CheckpointError naming a tensor that is missing, has no checksum or has another type or shape.
 */
export function storedDigests(text: string, entries: readonly Entry[], file: string): ReadonlyMap<string, string> {
  const checksums = parseChecksums(text, file);
  checkNames(checksums, entries, file);
  return new Map(
    entries.map(({ name, dtype, shape }) => {
      const saved = checksums[name];
      if (saved.dtype === dtype && saved.shape.join() === shape.join()) return [name, saved.sha256];
      throw new CheckpointError(
        `checkpoint: ${file}: expected '${name}' as it was saved, ${saved.dtype} [${saved.shape.join(', ')}]; got ${dtype} [${shape.join(', ')}]`,
        file,
      );
    }),
  );
}

/** The error of a tensor whose bytes are not those that were saved. */
export function damagedTensor(file: string, name: string): CheckpointError {
  return new CheckpointError(
    `checkpoint: ${file}: expected '${name}' with the stored checksum; got other bytes; the file is damaged there`,
    file,
  );
}

/** The error of a file of version 1 whose bytes are not those that were saved. */
export function damagedFile(file: string): CheckpointError {
  return new CheckpointError(
    `checkpoint: ${file}: expected data with the stored checksum; got other bytes; the file is damaged, or another program wrote its tensors in another order, which the checksum of version 1 does not allow: then remove sha256 from its metadata`,
    file,
  );
}

export function renderNote(file: string, note: string): string {
  return `${file}: ${note}`;
}

function parseChecksums(text: string, file: string): z.output<typeof checksumsSchema> {
  try {
    return checksumsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${file}: expected checksums as JSON; got "${text.slice(0, 40)}"`, file, {
      cause: error,
    });
  }
}

function checkNames(checksums: Readonly<Record<string, unknown>>, entries: readonly Entry[], file: string): void {
  const present = new Set(entries.map(({ name }) => name));
  const extra = entries.find(({ name }) => !Object.hasOwn(checksums, name));
  if (extra !== undefined) {
    throw new CheckpointError(
      `checkpoint: ${file}: expected tensors that have a checksum; got '${extra.name}' [${extra.shape.join(', ')}], which was not saved with the others`,
      file,
    );
  }
  // Weights alone are a file too: then no moment is there, and training cannot go on from it.
  const alone = ![...present].some(isMoment);
  const missing = Object.keys(checksums).find((name) => !present.has(name) && !(alone && isMoment(name)));
  if (missing === undefined) return;
  throw new CheckpointError(
    `checkpoint: ${file}: expected '${missing}', which was saved with the others; it is missing`,
    file,
  );
}

function conversionNotes(entries: readonly Entry[]): string[] {
  const notes: string[] = [];
  for (const dtype of new Set(entries.map((entry) => entry.dtype).filter(isConverted))) {
    const names = entries.filter((entry) => entry.dtype === dtype).map(({ name }) => name);
    const rest = names.length === 1 ? '' : ` and ${names.length - 1} more`;
    const how = dtype === 'F64' ? 'rounded to float32' : 'read as float32';
    notes.push(`'${names[0]}'${rest}: ${dtype}, ${how}; no checksum was made of these bytes, so they are not checked`);
  }
  return notes;
}

/** @throws CheckpointError naming the first number of a weight that is not finite. */
export function checkFinite(values: StoredArray, before: number, name: string, file: string): void {
  const bad = values.findIndex((value: number) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new CheckpointError(
    `checkpoint: ${file}: expected finite weights; got ${values[bad]} in '${name}' at ${before + bad}`,
    file,
  );
}
