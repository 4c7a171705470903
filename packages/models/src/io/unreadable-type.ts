import { CheckpointError } from '../errors.ts';

/** The error of a tensor whose numbers are not read here. */
export function unreadableType(file: string, name: string, dtype: string): CheckpointError {
  return new CheckpointError(
    `safetensors: ${file}: '${name}': expected F32, I32, F64, F16 or BF16; got ${dtype}`,
    file,
  );
}
