import { BackendError, OutOfMemoryError, type SeqrecError } from '../../errors.ts';

/** What a device says of a command that it refused, as an error of ours; `last` is the program recorded last. */
export function deviceError(error: GPUError, last: string): SeqrecError {
  const message = `webgpu: expected the device to take the command; got: ${error.message}; the last program was ${last}`;
  return error.constructor.name === 'GPUOutOfMemoryError'
    ? new OutOfMemoryError(`${message}; lower the batch size or the sequence length`)
    : new BackendError(message, { cause: error });
}
