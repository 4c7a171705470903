import { CheckpointError } from '../errors.ts';
import { decodeLayout } from '../io/safetensors.ts';
import type { SequenceModel } from '../model.ts';
import { loadParameters, type NamedParameters } from '../parameters.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { damaged, parseMetadata, sortNames } from './checkpoint-format.ts';

/**
 * Builds the model of a checkpoint that is in memory, with its weights: what `loadModel` does for a file, where there are
 * no files. Moments of the optimiser are skipped.
 *
 * @param bytes the whole checkpoint, for example `await response.bytes()`.
 * @param name of the checkpoint, for messages.
 * @throws CheckpointError when it is truncated, damaged or of another format; ConfigError. The checksum is checked where the
 * platform can compute it (`crypto.subtle`: Node, and pages from https or localhost).
 */
export async function modelFromBytes(bytes: Uint8Array<ArrayBuffer>, name = 'checkpoint'): Promise<SequenceModel> {
  const { metadata, entries, dataStart } = decodeLayout(bytes, bytes.length, name);
  const { state } = parseMetadata(metadata, name);
  const digest = await sha256(bytes.subarray(dataStart));
  if (digest !== undefined && digest !== metadata.sha256) throw damaged(name);
  const { weights } = sortNames(
    entries.map((entry) => entry.name),
    name,
  );
  const wanted = new Set(weights);
  // Without prototype, so that a tensor called '__proto__' is a name like any other.
  const parameters: Record<string, NamedParameters[string]> = Object.create(null);
  for (const { name: weight, shape, begin, end } of entries) {
    if (!wanted.has(weight)) continue;
    // Copied, so that it is aligned.
    const { buffer } = Uint8Array.prototype.slice.call(bytes, dataStart + begin, dataStart + end);
    parameters[weight] = { shape, data: new Float32Array(buffer) };
  }
  const model = createModel(state.model as ModelConfigInput, { numItems: state.numItems });
  try {
    loadParameters(model, parameters);
  } catch (error) {
    model.dispose();
    throw new CheckpointError(`checkpoint: ${name}: ${(error as Error).message}`, name, { cause: error });
  }
  return model;
}

/** In hex; undefined where the platform has no `crypto.subtle`. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
