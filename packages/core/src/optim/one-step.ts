import { UnsupportedError } from '../errors.ts';

/** Holds steps apart: what a step leaves on the host comes after a while, and the next one reads it. */
export class OneStep {
  #runs = false;

  /** Runs a step. @throws UnsupportedError while another one runs. */
  async run(op: string, step: () => Promise<void>): Promise<void> {
    if (this.#runs) {
      throw new UnsupportedError(
        `${op}: expected the step before to have ended; got a step beside it; await each step`,
      );
    }
    this.#runs = true;
    try {
      await step();
    } finally {
      this.#runs = false;
    }
  }
}
