import { declareOnly } from './layers/initializers.ts';
import { declaredShape } from './layers/layer.ts';
import type { ModelOptions } from './model.ts';
import { createModel, type ModelConfigInput } from './registry.ts';

/**
 * Names and shapes of the weights that a model would have, in the order of `TokenEncoder.variables()`, without
 * making them: for a model that may be too large.
 *
 * @throws ConfigError as `createModel` does.
 */
export function weightShapes(
  config: ModelConfigInput | { readonly kind: string },
  options: ModelOptions,
): ReadonlyMap<string, readonly number[]> {
  const model = declareOnly(() => createModel(config, options));
  const shapes = Array.from(model.variables(), ([name, weight]) => [name, declaredShape(weight)] as const);
  model.dispose();
  return new Map(shapes);
}
