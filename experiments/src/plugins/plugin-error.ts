import { UsageError } from '../errors.ts';

/** A plug-in is not there, does not load or defines nothing. Ends with code 2. */
export class PluginError extends UsageError {
  override readonly name: string = 'PluginError';
}
