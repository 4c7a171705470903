import { createHash } from 'node:crypto';
import { CheckpointError } from '../errors.ts';
import { bytesOf } from '../io/safetensors.ts';
import { BLOCK_ELEMENTS } from '../io/safetensors-file.ts';
import { type ReadOptions, verify, withSafetensors } from './checkpoint-file.ts';
import { sortNames } from './checkpoint-format.ts';

export interface WeightsDigest {
  /** sha256 in hex. */
  readonly digest: string;
  readonly weights: number;
  /** Numbers of all weights together. */
  readonly numbers: number;
}

/**
 * One digest of all weights of a checkpoint: sha256 over name, shape and float32 bytes (little-endian) of each, in the
 * order of the names. Neither the order in the file, nor moments of the optimiser, nor metadata enter, so that two runs
 * have the same digest exactly when every weight has the same bits. A weight is hashed as the UTF-8 text
 * `["name",[shape]]` with a line feed, and its bytes.
 *
 * @param file a checkpoint, or any safetensors file with names of weights; F64, F16 and BF16 are taken as float32.
 * @param options.onNote as for `loadModel`.
 * @throws CheckpointError when the file is missing or damaged, or a weight holds no such numbers.
 */
export function weightsDigest(file: string, options?: ReadOptions): Promise<WeightsDigest> {
  return withSafetensors(file, async (tensors) => {
    await verify(tensors, options);
    const names = [...sortNames([...tensors.tensors.keys()], file).weights].sort();
    const hash = createHash('sha256');
    let numbers = 0;
    for (const name of names) {
      const { shape, dtype } = tensors.tensors.get(name)!;
      if (dtype === 'I32') {
        throw new CheckpointError(`safetensors: ${file}: '${name}': expected F32, F64, F16 or BF16; got I32`, file);
      }
      hash.update(heading(name, shape));
      for await (const block of tensors.blocks(name)) {
        hash.update(bytesOf(block));
        numbers += block.length;
      }
    }
    return { digest: hash.digest('hex'), weights: names.length, numbers };
  });
}

/** {@link weightsDigest} of weights on the host. */
export function parametersDigest(
  weights: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>,
): string {
  const hash = createHash('sha256');
  for (const name of [...weights.keys()].sort()) {
    const { shape, data } = weights.get(name)!;
    hash.update(heading(name, shape));
    for (let at = 0; at < data.length; at += BLOCK_ELEMENTS)
      hash.update(bytesOf(data.subarray(at, at + BLOCK_ELEMENTS)));
  }
  return hash.digest('hex');
}

const heading = (name: string, shape: readonly number[]): string => `${JSON.stringify([name, shape])}\n`;
