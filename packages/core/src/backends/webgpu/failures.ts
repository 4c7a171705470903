import { DeviceLostError, type SeqrecError } from '../../errors.ts';
import { deviceError } from './device-errors.ts';

/** What went wrong on a device, kept until a call can tell it: a device tells later than it is asked. */
export class Failures {
  /** Program that was recorded last; errors that come without a name are told with it. */
  last = 'nothing yet';
  #failure: SeqrecError | undefined;
  #lost: string | undefined;
  #closing = false;

  constructor(device: GPUDevice) {
    device.addEventListener('uncapturederror', ({ error }) => {
      // What went wrong first is told by an error of its own.
      if (!error.message.includes('due to a previous error')) this.add(deviceError(error, this.last));
    });
    device.lost.then(({ reason, message }) => {
      if (!this.#closing) this.#lost = [reason, message].filter(Boolean).join(': ') || 'no reason given';
    });
  }

  /** Keeps an error, unless an earlier one waits. */
  add(error: SeqrecError): void {
    this.#failure ??= error;
  }

  /** Keeps an error that explains the one that waits. */
  explain(error: SeqrecError): void {
    this.#failure = error;
  }

  /** From now on the device goes away because it was told to. */
  close(): void {
    this.#closing = true;
  }

  /** Throws what went wrong since the last call; an error is told once, a lost device always. */
  check(op: string): void {
    if (this.#lost !== undefined) {
      throw new DeviceLostError(
        `${op}: expected a working GPU; got a lost device (${this.#lost}), the last program was ${this.last}; its tensors are gone: call useBackend('webgpu') again, build the model anew and go on from a checkpoint`,
      );
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** As {@link check}, when the device may just have said why: its events arrive first. */
  async checkLater(op: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.check(op);
  }
}
