import { completeModelConfig, ConfigError as ModelError } from '@seqrec/models';
import { ConfigError } from '../errors.ts';
import type { RunConfig } from './run-config.ts';
import type { PlaceOf } from './validate.ts';

/**
 * A parsed configuration with what the preset of its model sets; after the overrides, which may choose another one.
 * Nothing changes when it is done twice.
 *
 * @throws ConfigError for settings of the model that do not go together.
 */
export function withPresets(config: RunConfig, placeOf: PlaceOf): RunConfig {
  try {
    return { ...config, model: completeModelConfig(config.model) } as RunConfig;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const below = error.path === '' ? [] : error.path.split('.');
    // The model does not know its section, a plug-in's perhaps not even its name.
    const [, told] = /^model config \([^)]*\): (.*)$/s.exec(error.message) ?? [];
    const message = told === undefined || below.length === 0 ? `model: ${told ?? error.message}` : `model.${told}`;
    throw new ConfigError(`${placeOf({ path: ['model', ...below], unknownKey: false })}${message}`);
  }
}
