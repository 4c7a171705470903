import type { Override } from '../../arguments.ts';
import { applyOverrides } from '../../config/overrides.ts';
import { type RecipeConfig, recipeConfigSchema } from '../../config/schema.ts';
import { openRunDir } from '../folder/run-dir.ts';
import { savedConfig } from '../open/resume.ts';

/** The configuration of a run with dotted overrides of what it measures by. @throws ConfigError naming the key. */
export function withMeasuring(out: string, run: string, overrides: readonly Override[]): RecipeConfig {
  const { config } = savedConfig(openRunDir(out, run));
  return applyOverrides(recipeConfigSchema(), config, overrides);
}
