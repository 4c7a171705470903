import { ConfigError } from '../errors.ts';
import type { TokenizerConfig } from './config.ts';
import { rqVaeCodebooks } from './tokenizers/frozen-rq-vae.ts';
import { hierarchicalCodebooks } from './tokenizers/hierarchical.ts';
import { lshCodebooks } from './tokenizers/lsh.ts';
import { productCodebooks } from './tokenizers/product.ts';
import { residualCodebooks } from './tokenizers/residual-k-means.ts';
import type { Codebooks } from './tokenizers/tokenizer.ts';
import type { Rows } from './vectors/rows.ts';

/** The codebooks of a tokenizer from the tensors that it left. @throws ConfigError for one that is not there. */
export function codebooksOf(
  tokenizer: TokenizerConfig,
  sizes: readonly number[],
  tensors: ReadonlyMap<string, Rows>,
): Codebooks {
  const need = (name: string): Rows => {
    const found = tensors.get(name);
    if (found === undefined)
      throw new ConfigError(
        `semantic ids: expected the tensor ${name} of '${tokenizer.kind}'; got ${[...tensors.keys()].join(', ') || 'none'}`,
        'ids',
      );
    return found;
  };
  const books = (): Rows[] => sizes.map((_, level) => need(`codebook.${level}`));
  switch (tokenizer.kind) {
    case 'residual-k-means':
      return residualCodebooks(books(), tokenizer.normalize);
    case 'rq-vae':
      need('encoder.0.weight');
      books();
      return rqVaeCodebooks(tensors, sizes.length, tokenizer.normalize);
    case 'product':
      return productCodebooks(books());
    case 'hierarchical':
      for (const level of sizes.keys()) for (const part of ['centroids', 'first']) need(`${part}.${level}`);
      return hierarchicalCodebooks(tensors, sizes);
    case 'lsh':
      return lshCodebooks(need('planes'), need('mean'), tokenizer.levels);
    default:
      return { sizes, tensors: new Map() };
  }
}
