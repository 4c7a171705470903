import { ConfigError } from '../../errors.ts';
import { type TokenizerConfig, type TokenizerKind, tokenizerSchemas } from '../config.ts';
import type { Rows } from '../vectors/rows.ts';
import type { StoredCodebooks, TokenizerDefinition } from './definition.ts';
import { fitRqVae } from './fit-rq-vae.ts';
import { rqVaeCodebooks } from './frozen-rq-vae.ts';
import { fitHierarchical, hierarchicalCodebooks } from './hierarchical.ts';
import { fitLsh, lshCodebooks } from './lsh.ts';
import { fitProduct, productCodebooks } from './product.ts';
import { fitResidualKMeans, residualCodebooks } from './residual-k-means.ts';
import { fitAtomic, fitRandom, givenCodes } from './without-vectors.ts';

type ConfigOf<K extends TokenizerKind> = Extract<TokenizerConfig, { readonly kind: K }>;

/** The tokenizers of this package: a line each. */
export const ownTokenizers: readonly TokenizerDefinition<never>[] = [
  define('residual-k-means', {
    fit: (config, { count, vectors }, options) =>
      fitResidualKMeans(vectors, { ...config, codes: fewer(config.codes, count) }, options),
    codebooks: ({ normalize }, stored) => residualCodebooks(books(stored), normalize),
  }),
  define('rq-vae', {
    beside: ({ collaborative, width }) => collaborative && { vectors: collaborative.vectors, width },
    fit: ({ collaborative, ...config }, { count, vectors, beside }, options) =>
      fitRqVae(
        vectors,
        {
          ...config,
          codes: fewer(config.codes, count),
          ...(collaborative && beside && { collaborative: { weight: collaborative.weight, vectors: beside } }),
        },
        options,
      ),
    codebooks: ({ normalize }, stored) => {
      stored.tensor('encoder.0.weight');
      books(stored);
      return rqVaeCodebooks(stored.tensors, stored.sizes.length, normalize);
    },
  }),
  define('hierarchical', {
    fit: (config, { vectors }, options) => fitHierarchical(vectors, config, options),
    codebooks: (_, { sizes, tensors, tensor }) => {
      for (const level of sizes.keys()) for (const part of ['centroids', 'first']) tensor(`${part}.${level}`);
      return hierarchicalCodebooks(tensors, sizes);
    },
  }),
  define('product', {
    fit: (config, { count, vectors }, options) => {
      if (config.levels > vectors.width)
        throw new ConfigError(
          `semantic ids: tokenizer: expected at most as many levels as the vectors are wide, ${vectors.width}; got ${config.levels}`,
          'ids.tokenizer.levels',
        );
      return fitProduct(vectors, { ...config, codes: fewer(config.codes, count) }, options);
    },
    codebooks: (_, stored) => productCodebooks(books(stored)),
  }),
  define('lsh', {
    fit: (config, { vectors }, options) => fitLsh(vectors, config, options),
    codebooks: ({ levels }, { tensor }) => lshCodebooks(tensor('planes'), tensor('mean'), levels),
  }),
  define('random', {
    readsVectors: false,
    isUnique: true,
    fit: (config, { count }, options) => fitRandom(count, config, options),
  }),
  define('atomic', { readsVectors: false, isUnique: true, fit: (_, { count }) => fitAtomic(count) }),
  define('file', {
    readsVectors: false,
    codesFile: ({ path }) => path,
    fit: (_, { count, given }) => givenCodes(count, given!.levels, given!.values),
  }),
];

function define<K extends TokenizerKind>(
  kind: K,
  about: Omit<TokenizerDefinition<ConfigOf<K>>, 'kind' | 'schema'>,
): TokenizerDefinition<never> {
  return { kind, schema: tokenizerSchemas[kind], ...about } as unknown as TokenizerDefinition<never>;
}

/** No level needs more codes than there are items. */
function fewer(codes: number, items: number): number {
  return Math.min(codes, items);
}

function books({ sizes, tensor }: StoredCodebooks): Rows[] {
  return sizes.map((_, level) => tensor(`codebook.${level}`));
}
