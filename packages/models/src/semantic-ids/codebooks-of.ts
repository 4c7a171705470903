import { ConfigError } from '../errors.ts';
import type { TokenizerConfig } from './config.ts';
import { tokenizerDefinition } from './tokenizers/registry.ts';
import type { Codebooks } from './tokenizers/tokenizer.ts';
import type { Rows } from './vectors/rows.ts';

/** The codebooks of a tokenizer from the tensors that it left. @throws ConfigError for one that is not there. */
export function codebooksOf(
  tokenizer: TokenizerConfig,
  sizes: readonly number[],
  tensors: ReadonlyMap<string, Rows>,
): Codebooks {
  const tensor = (name: string): Rows => {
    const found = tensors.get(name);
    if (found !== undefined) return found;
    throw new ConfigError(
      `semantic ids: expected the tensor ${name} of '${tokenizer.kind}'; got ${[...tensors.keys()].join(', ') || 'none'}`,
      'ids',
    );
  };
  const definition = tokenizerDefinition(tokenizer);
  return definition.codebooks?.(tokenizer, { sizes, tensors, tensor }) ?? { sizes, tensors: new Map() };
}
