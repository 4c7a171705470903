import { CheckpointError } from '../errors.ts';
import type { FittedFeatures } from '../features/fitted.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel, type ModelConfigInput, modelKinds } from '../registry.ts';
import type { CheckpointExtra, CheckpointState } from './checkpoint-format.ts';

/** What a checkpoint may say, beside its state, of where its model comes from. */
interface SavedPlugin {
  readonly name?: unknown;
  readonly defines?: unknown;
}

/**
 * The model of a checkpoint, with fresh weights.
 *
 * @throws CheckpointError for a kind that is not known, naming the plug-in that the checkpoint has it from.
 */
export function checkpointModel(
  { state, extra }: { readonly state: CheckpointState; readonly extra: CheckpointExtra },
  features: FittedFeatures | undefined,
  file: string,
): TokenEncoder {
  const { model, numItems, sizes } = state;
  const { kind } = model;
  if (typeof kind === 'string' && !modelKinds().includes(kind)) {
    throw new CheckpointError(
      `checkpoint: ${file}: expected a model of a kind that is known; got '${kind}'; ${hint(kind, extra)}`,
      file,
    );
  }
  return createModel(model as ModelConfigInput, { numItems, ...sizes, ...(features && { features }) });
}

function hint(kind: string, { plugins }: CheckpointExtra): string {
  const saved = Array.isArray(plugins) ? (plugins as readonly SavedPlugin[]) : [];
  const own = saved.find(({ defines }) => Array.isArray(defines) && defines.includes(`model ${kind}`));
  if (own === undefined) return 'import what defines it first; on the command line name it with --plugin';
  return `it comes from the plug-in ${own.name}: import that first; on the command line --plugin ${own.name}`;
}
