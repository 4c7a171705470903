import { CheckpointError } from '../errors.ts';
import { readFeatures } from '../features/store.ts';
import { type ConvertedDType, decodeElements, isReadable, type OwnDType } from '../io/dtypes.ts';
import { decodeLayout, type Entry } from '../io/safetensors.ts';
import type { StoredArray } from '../io/safetensors-file.ts';
import { unreadableType } from '../io/unreadable-type.ts';
import type { TokenEncoder } from '../model.ts';
import { loadParameters, type NamedParameters } from '../parameters.ts';
import { parseMetadata, sortNames } from './checkpoint-format.ts';
import { checkpointModel } from './checkpoint-model.ts';
import { checkFinite, damagedFile, damagedTensor, type OnNote, planVerification, renderNote } from './checksums.ts';

/**
 * Builds the model of a checkpoint that is in memory, with its weights: what `loadModel` does for a file, where there
 * are no files. Moments of the optimiser are skipped.
 *
 * @param bytes the whole checkpoint, for example `await response.bytes()`.
 * @param name of the checkpoint, for messages.
 * @throws CheckpointError when it is truncated, damaged or of another format; ConfigError. The checksum is checked
 *   where the platform can compute it (`crypto.subtle`: Node, and pages from https or localhost).
 * @param options.onNote as for `loadModel`.
 */
export async function modelFromBytes(
  bytes: Uint8Array<ArrayBuffer>,
  name = 'checkpoint',
  { onNote = console.warn }: { readonly onNote?: OnNote } = {},
): Promise<TokenEncoder> {
  const { metadata, entries, dataStart } = decodeLayout(bytes, bytes.length, name);
  const { state, extra } = parseMetadata(metadata, name);
  const plan = planVerification(metadata, entries, name);
  if (plan.whole !== undefined && (await differs(bytes.subarray(dataStart), plan.whole))) throw damagedFile(name);
  for (const { name: tensor, begin, end } of entries) {
    const stored = plan.tensors.get(tensor);
    const own = bytes.subarray(dataStart + begin, dataStart + end);
    if (stored !== undefined && (await differs(own, stored))) throw damagedTensor(name, tensor);
  }
  for (const note of plan.notes) onNote(renderNote(name, note));
  const { weights } = sortNames(
    entries.map((entry) => entry.name),
    name,
  );
  const wanted = new Set(weights);
  // Without prototype, so that a tensor called '__proto__' is a name like any other.
  const parameters: Record<string, NamedParameters[string]> = Object.create(null);
  for (const { name: weight, dtype, shape, begin, end } of entries) {
    if (!wanted.has(weight)) continue;
    if (!isReadable(dtype) || dtype === 'I32') throw unreadableType(name, weight, dtype);
    const data = elements(bytes, dtype, dataStart + begin, dataStart + end) as Float32Array;
    if (plan.whole === undefined && !plan.tensors.has(weight)) checkFinite(data, 0, weight, name);
    parameters[weight] = { shape, data };
  }
  const features = await readFeatures(state, (tensor) => storedArray(bytes, dataStart, entries, tensor), name);
  const model = checkpointModel({ state, extra }, features, name);
  try {
    loadParameters(model, parameters);
  } catch (error) {
    model.dispose();
    throw new CheckpointError(`checkpoint: ${name}: ${(error as Error).message}`, name, { cause: error });
  }
  return model;
}

function elements(bytes: Uint8Array, dtype: OwnDType | ConvertedDType, begin: number, end: number): StoredArray {
  // Copied, so that it is aligned.
  const { buffer } = Uint8Array.prototype.slice.call(bytes, begin, end);
  return decodeElements(dtype, buffer);
}

function storedArray(bytes: Uint8Array, dataStart: number, entries: readonly Entry[], name: string) {
  const found = entries.find((entry) => entry.name === name);
  if (found === undefined || !isReadable(found.dtype)) return undefined;
  return elements(bytes, found.dtype, dataStart + found.begin, dataStart + found.end);
}

/** Whether the bytes have another SHA-256, in hex; false where the platform has no `crypto.subtle` to tell. */
async function differs(bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<boolean> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return false;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') !== sha256;
}
