import { type TensorBlocks, writeSafetensorsFile } from '../io/safetensors-file.ts';
import { withCheckpoint } from './checkpoint-file.ts';
import { type CheckpointExtra, checkpointMetadata } from './checkpoint-format.ts';

/**
 * Copies a checkpoint without the moments of the optimiser: what `loadModel` and `modelFromBytes` need, about a third of the
 * bytes, written atomically and block by block. `loadCheckpoint` refuses it: training cannot go on without moments.
 *
 * @param file the checkpoint.
 * @param to the file to write.
 * @param extra JSON to store in the place of the checkpoint's own.
 * @throws CheckpointError when the checkpoint is missing, damaged or of another format, or `to` cannot be written.
 */
export function exportWeights(file: string, to: string, extra: CheckpointExtra = {}): Promise<void> {
  return withCheckpoint(file, async ({ tensors, state, weights }) => {
    const copied = weights.map((name): [string, TensorBlocks] => {
      const { dtype, shape } = tensors.tensors.get(name)!;
      return [name, { dtype, shape, blocks: () => tensors.blocks(name) }];
    });
    await writeSafetensorsFile(to, new Map(copied), (sha256) => checkpointMetadata(sha256, state, extra));
  });
}
