import type { TokenizerConfig } from './config.ts';
import { rqVaeCodebooks } from './tokenizers/fit-rq-vae.ts';
import { hierarchicalCodebooks } from './tokenizers/hierarchical.ts';
import { lshCodebooks } from './tokenizers/lsh.ts';
import { productCodebooks } from './tokenizers/product.ts';
import { residualCodebooks } from './tokenizers/residual-k-means.ts';
import type { Codebooks } from './tokenizers/tokenizer.ts';
import type { Rows } from './vectors/rows.ts';

/** The codebooks of a tokenizer from the tensors that it left. */
export function codebooksOf(
  tokenizer: TokenizerConfig,
  sizes: readonly number[],
  tensors: ReadonlyMap<string, Rows>,
): Codebooks {
  const books = (): Rows[] => sizes.map((_, level) => tensors.get(`codebook.${level}`)!);
  switch (tokenizer.kind) {
    case 'residual-k-means':
      return residualCodebooks(books(), tokenizer.normalize);
    case 'rq-vae':
      return rqVaeCodebooks(tensors, sizes.length);
    case 'product':
      return productCodebooks(books());
    case 'hierarchical':
      return hierarchicalCodebooks(tensors, sizes);
    case 'lsh':
      return lshCodebooks(tensors.get('planes')!, tensors.get('mean')!, tokenizer.levels);
    default:
      return { sizes, tensors: new Map() };
  }
}
