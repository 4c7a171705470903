import { ConfigError } from '../errors.ts';
import { parseModelConfig } from '../registry.ts';

/** Whether the schema of its kind takes a configuration. */
export function isAllowed(config: object): boolean {
  try {
    parseModelConfig(config);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
