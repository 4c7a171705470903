import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import { SafetensorsFile, type TensorBlocks, writeSafetensorsFile } from '../io/safetensors-file.ts';
import { codebooksOf } from './codebooks-of.ts';
import type { CodesReport } from './codes/diagnostics.ts';
import { assertUnique } from './codes/unique-codes.ts';
import type { SemanticIds } from './fit.ts';
import type { VectorState } from './item-vectors.ts';
import { type SemanticIdsConfig, semanticIdsSchema } from './schema.ts';
import { tokenizerKinds } from './tokenizers/registry.ts';
import { itemVectorKinds } from './vectors/registry.ts';
import type { Rows } from './vectors/rows.ts';

/** Semantic ids as a file has them. */
export interface StoredIds extends SemanticIds {
  readonly config: SemanticIdsConfig;
  /** The ids of the items in the data, `codes` row by row. */
  readonly items: readonly string[];
  /** Name of the data set. */
  readonly data: string;
  readonly vectors: VectorState;
  /** Digest of the events that vectors were made of; absent where none were, and in older files. */
  readonly events?: string;
  /** 1, and one more each time that items were appended. */
  readonly version: number;
  /** {@link idsDigest} of each version before, the first one first. */
  readonly versions: readonly string[];
}

const FORMAT = 'seqrec semantic ids';
const about = () =>
  z.object({
    config: semanticIdsSchema(),
    data: z.string(),
    events: z.string().optional(),
    hasCounter: z.boolean(),
    sizes: z.array(z.int().min(1)),
    codebookSizes: z.array(z.int().min(1)),
    version: z.int().min(1),
    versions: z.array(z.string()),
    report: z.custom<CodesReport>((value) => typeof value === 'object' && value !== null),
  });

/** A text of the metadata that is JSON. */
const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    context.addIssue({ code: 'custom', message: `expected JSON; got ${(error as Error).message}` });
    return z.NEVER;
  }
});
const inMetadata = () =>
  z.object({
    about: json.pipe(about()),
    items: json.pipe(z.array(z.string()).min(1)),
    texts: json.pipe(z.array(z.tuple([z.string(), z.array(z.string())]))),
  });

/** SHA-256 of the items and their codes, in hex. */
export function idsDigest({ items, codes }: Pick<StoredIds, 'items' | 'codes'>): string {
  const { values, sizes } = codes;
  const hash = createHash('sha256').update(JSON.stringify([items, sizes.length]));
  return hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest('hex');
}

/** Writes ids to a safetensors file, atomically. */
export async function writeSemanticIds(file: string, ids: StoredIds): Promise<void> {
  const { codes, codebooks, vectors, items, config, data, events, hasCounter, version, versions, report } = ids;
  const tensors = new Map<string, TensorBlocks>();
  tensors.set('codes', {
    ...{ dtype: 'I32', shape: [codes.count, codes.sizes.length] },
    blocks: () => [codes.values],
  });
  for (const [prefix, own] of [
    ['codebooks', codebooks.tensors],
    ['vectors', vectors.tensors],
  ] as const) {
    for (const [name, { count, width, values }] of own) {
      const floats = Float32Array.from(values);
      tensors.set(`${prefix}/${name}`, { dtype: 'F32', shape: [count, width], blocks: () => [floats] });
    }
  }
  const { sizes } = codes;
  const said = { config, data, events, hasCounter, sizes, codebookSizes: codebooks.sizes, version, versions, report };
  await writeSafetensorsFile(file, tensors, () => ({
    format: FORMAT,
    about: JSON.stringify(said),
    items: JSON.stringify(items),
    texts: JSON.stringify([...vectors.texts]),
  }));
}

/** @throws CheckpointError for another file, and for one whose parts do not fit. */
export async function readSemanticIds(file: string): Promise<StoredIds> {
  const opened = await SafetensorsFile.open(file);
  try {
    const { metadata, tensors } = opened;
    if (metadata.format !== FORMAT)
      throw new CheckpointError(
        `${file}: expected semantic ids, as \`seqrec ids fit\` writes them; got ${metadata.format === undefined ? 'another safetensors file' : metadata.format}`,
        file,
      );
    const { about: said, items, texts } = parsed(file, metadata);
    const shape = tensors.get('codes')?.shape ?? [];
    const [count, levels] = shape;
    if (count !== items.length || levels !== said.sizes.length)
      throw new CheckpointError(
        `${file}: expected ${said.sizes.length} codes of ${items.length} items; got [${shape.join(', ')}]`,
        file,
      );
    const values = Int32Array.from(await opened.read('codes'));
    const wrong = values.findIndex((code, e) => code < 0 || code >= said.sizes[e % levels]);
    if (wrong >= 0)
      throw new CheckpointError(
        `${file}: expected codes below ${said.sizes[wrong % levels]} on level ${(wrong % levels) + 1}; got ${values[wrong]} for the item ${items[Math.floor(wrong / levels)]}`,
        file,
      );
    const rows = new Map<string, Rows>();
    for (const [name, { shape }] of tensors) {
      if (name === 'codes') continue;
      rows.set(name, { count: shape[0], width: shape[1], values: Float64Array.from(await opened.read(name)) });
    }
    const of = (prefix: string): Map<string, Rows> =>
      new Map([...rows].flatMap(([name, own]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), own]] : [])));
    const { sizes, codebookSizes, ...rest } = said;
    const codes = { count, sizes, values };
    assertUnique(codes);
    return {
      ...rest,
      ...{ items, codes },
      codebooks: codebooksOf(said.config.tokenizer, codebookSizes, of('codebooks/')),
      vectors: { tensors: of('vectors/'), texts: new Map(texts) },
    };
  } finally {
    await opened.close();
  }
}

function parsed(file: string, metadata: Readonly<Record<string, string>>): z.output<ReturnType<typeof inMetadata>> {
  const result = inMetadata().safeParse(metadata);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  const [, , section] = path;
  const kind = path.at(-1) === 'kind' ? at(JSON.parse(metadata.about), path.slice(1)) : undefined;
  if (typeof kind === 'string' && (section === 'tokenizer' || section === 'vectors'))
    throw new CheckpointError(
      `${file}: expected ${KNOWN[section].what}, one of ${KNOWN[section].kinds().join(', ')}; got '${kind}'; load the plug-in that defines it with --plugin`,
      file,
    );
  throw new CheckpointError(`${file}: ${path.map(String).join('.')}: ${message}`, file);
}

/** What a file may name that only a plug-in knows. */
const KNOWN = {
  tokenizer: { what: 'a tokenizer that is known', kinds: tokenizerKinds },
  vectors: { what: 'vectors that are known', kinds: itemVectorKinds },
} as const;

/** What stands at a path in a value, where there is something. */
function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
