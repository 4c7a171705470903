import { BackendError, OutOfMemoryError, type SeqrecError } from '../../errors.ts';

/** What a device says of a command that it refused, as an error of ours. */
export function deviceError(error: GPUError): SeqrecError {
  const message = `webgpu: expected the device to take the command; got: ${error.message}`;
  return error.constructor.name === 'GPUOutOfMemoryError'
    ? new OutOfMemoryError(`${message}; lower the batch size or the sequence length`)
    : new BackendError(message, { cause: error });
}
