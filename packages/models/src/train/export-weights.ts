import { FEATURES_PREFIX } from '../features/store.ts';
import type { TensorHeader } from '../io/safetensors.ts';
import { type TensorBlocks, writeSafetensorsFile } from '../io/safetensors-file.ts';
import { withCheckpoint } from './checkpoint-file.ts';
import { type CheckpointExtra, checkpointMetadata } from './checkpoint-format.ts';
import { encodeChecksums } from './checksums.ts';
import { referenceBuffers } from './reference-buffers.ts';

export interface NamedHeader extends TensorHeader {
  readonly name: string;
  /** What the tensor is: a weight, of the features of the data, or what the reference keeps beside its weights. */
  readonly part: 'weight' | 'features' | 'reference';
}

export interface ExportOptions {
  /** JSON to store in the place of the checkpoint's own. */
  readonly extra?: CheckpointExtra;
  /**
   * Also write what the reference's models keep beside their weights, so that PyTorch's
   * `load_state_dict(strict=True)` takes the file: `_attn_mask` of HSTU (research block) and SASRec. Default false.
   */
  readonly referenceBuffers?: boolean;
}

/**
 * Copies a checkpoint without the moments of the optimiser: what `loadModel` and `modelFromBytes` need,
 * about a third of the bytes, written atomically and block by block. `loadCheckpoint` refuses it: training
 * cannot go on without moments.
 *
 * @param file the checkpoint.
 * @param to the file to write.
 * @returns the tensors that were written, in order.
 * @throws CheckpointError when the checkpoint is missing, damaged or of another format, or `to` cannot be written.
 */
export function exportWeights(file: string, to: string, options: ExportOptions = {}): Promise<readonly NamedHeader[]> {
  return withCheckpoint(file, async ({ tensors, state, weights }) => {
    const kept = [...tensors.tensors.keys()].filter((name) => name.startsWith(FEATURES_PREFIX));
    const copied = new Map(
      [...weights, ...kept].map((name): [string, TensorBlocks] => {
        const { shape, dtype } = tensors.tensors.get(name)!;
        return [name, { dtype: dtype === 'I32' ? 'I32' : 'F32', shape, blocks: () => tensors.blocks(name) }];
      }),
    );
    const buffers = options.referenceBuffers ? referenceBuffers(state.model) : new Map<string, TensorBlocks>();
    for (const [name, tensor] of buffers) copied.set(name, tensor);
    await writeSafetensorsFile(to, copied, (digests) =>
      checkpointMetadata(encodeChecksums(copied, digests), state, options.extra ?? {}),
    );
    return Array.from(copied, ([name, { dtype, shape }]) => {
      const given = name.startsWith(FEATURES_PREFIX) ? 'features' : 'weight';
      const part: NamedHeader['part'] = buffers.has(name) ? 'reference' : given;
      return { name, dtype, shape, part };
    });
  });
}
