import { SeqrecError } from '../errors.ts';

/** Ranks do not agree, one is gone, or one has ended all. */
export class CollectiveError extends SeqrecError {
  constructor(message: string, options?: ErrorOptions) {
    super('collective', message, options);
  }
}
