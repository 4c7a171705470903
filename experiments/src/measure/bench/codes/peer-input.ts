import type { SequenceBatch } from '@seqrec/data';
import {
  type CodeMask,
  type CodeSymbols,
  type Codes,
  CodeTrie,
  codeBatch,
  historyCuts,
  trainingPairs,
} from '@seqrec/models';
import { type PeerInput, writeInput } from '../peer.ts';

const PROGRAM = 'code_models.py';

/** What of a configuration the program has beside sizes. */
const kinds: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  transformer: { block: undefined, activation: undefined, gatedResidual: undefined, attention: undefined },
  t5: { tables: 'shared', head: 'tied', softmax: 'level' },
};

/** What the program has not of a model, in words; nothing where it has all of it. */
export function withoutPeer(
  config: Readonly<Record<string, unknown>>,
  language: object | undefined,
): string | undefined {
  if (language !== undefined) return 'the program reads codes alone, and this recipe words beside them (task.language)';
  const has = kinds[config.kind as string];
  if (has !== undefined && Object.entries(has).every(([key, value]) => config[key] === value)) return undefined;
  return `the program has ${Object.entries(kinds)
    .map(([kind, settings]) => `${kind} with ${JSON.stringify(settings)}`)
    .join(', or ')}`;
}

/** What the program cannot decode of a model, in words. */
export function withoutBeams({ kind }: Readonly<Record<string, unknown>>): string | undefined {
  return kind === 't5' ? undefined : `the program decodes t5, and steps ${String(kind)} alone`;
}

/** The model, and the batch of its first step as the program takes it. */
export function writeCodesStep(
  config: Readonly<Record<string, unknown>>,
  symbols: CodeSymbols,
  { batch, seed, temperature }: { readonly batch: SequenceBatch; readonly seed: number; readonly temperature: number },
): PeerInput {
  return writeInput(PROGRAM, {
    config: { ...config, temperature },
    sizes: symbols.sizes,
    batch: config.kind === 't5' ? pairs(config, symbols, batch, seed) : sequences(symbols, batch),
  });
}

/** The model, and histories to decode. */
export function writeCodesDecoding(
  config: Readonly<Record<string, unknown>>,
  codes: Codes,
  parts: {
    readonly histories: readonly (readonly number[])[];
    readonly batchSize: number;
    readonly mask: CodeMask;
  },
): PeerInput {
  return writeInput(PROGRAM, {
    config: { ...config, temperature: 1 },
    sizes: codes.sizes,
    trie: trieMasks(codes),
    ...parts,
  });
}

function sequences(symbols: CodeSymbols, items: SequenceBatch): object {
  const { batch, asked } = codeBatch(items, symbols, { targets: true });
  return {
    codes: rowsOf(batch.itemIds, batch.offsets),
    tokens: asked.map(({ tokens }) => [...tokens]),
    rows: asked.map(({ rows }) => [...rows]),
    weight: items.itemIds.length,
  };
}

function pairs(config: Readonly<Record<string, unknown>>, symbols: CodeSymbols, batch: SequenceBatch, seed: number) {
  const cuts = historyCuts(batch, config.cuts as 'random' | 'last', { step: 0, seed });
  const part = { whole: batch, firstSequence: 0, firstToken: 0 };
  const { histories, written, targets, count } = trainingPairs(batch, symbols, { cuts, part });
  return {
    codes: rowsOf(histories.ids, histories.offsets),
    written: rowsOf(written.ids, written.offsets),
    rows: targets.map((own) => [...own]),
    weight: count,
  };
}

/** Packed sequences as lists. */
export function rowsOf(ids: Int32Array, offsets: Int32Array): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, b) => [...ids.subarray(offsets[b], offsets[b + 1])]);
}

/** Of each level the child of each node by its code, -1 where there is none; `[nodes x K]` each. */
function trieMasks(codes: Codes): number[][] {
  const trie = new CodeTrie(codes);
  return codes.sizes.map((size, level) => {
    const children = new Array<number>(trie.nodes(level) * size).fill(-1);
    for (let node = 0; node < trie.nodes(level); node++) {
      const { first, past } = trie.children(level, node);
      for (let child = first; child < past; child++) children[node * size + trie.code(level + 1, child)] = child;
    }
    return children;
  });
}
