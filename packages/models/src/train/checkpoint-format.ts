import { fnv1a32 } from '@seqrec/core';
import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import { FEATURES_PREFIX } from '../features/store.ts';
import { isReferenceBuffer } from './reference-buffers.ts';

/** Any JSON that a caller stores with a checkpoint. */
export type CheckpointExtra = Readonly<Record<string, unknown>>;

export const FORMAT = 'seqrec-checkpoint';
/**
 * Version 1 had one checksum of all bytes in their order, version 2 has one of each tensor, version 3 a hash of the
 * texts too.
 */
const VERSION = '3';
const READ_VERSIONS = ['1', '2', VERSION];
const PREFIX = 'optimizer.';

const count = z.int().min(0);
const stateSchema = z.object({
  model: z.record(z.string(), z.unknown()),
  numItems: count,
  /** What else a model was made with. */
  sizes: z
    .object({
      numUsers: count.optional(),
      labels: count.optional(),
      logVariances: z.boolean().optional(),
      dense: z.object({ items: count, width: count, content: count.optional(), table: z.boolean() }).optional(),
    })
    .optional(),
  /** The fitted features without the values of items, which are tensors. */
  features: z.array(z.record(z.string(), z.unknown())).optional(),
  position: z
    .object({ epoch: count, stepInEpoch: count, globalStep: count, lossSum: z.number() })
    // Once the loss was a mean over tokens.
    .and(
      z.union([
        z.object({ weight: z.number().min(0) }),
        z.object({ tokens: count }).transform(({ tokens }) => ({ weight: tokens })),
      ]),
    ),
  iterations: count,
  /** Updates of the averages of the weights, where the weights of the file are averages. */
  averaged: count.optional(),
  /** Where a learning rate stands that falls on a plateau. */
  plateau: z.object({ factor: z.number(), best: z.number().nullable(), bad: count, cooling: count }).optional(),
  /** Everything else that the continuation depends on. */
  training: z.record(z.string(), z.unknown()),
});

/** What a checkpoint says about itself. */
export type CheckpointState = z.output<typeof stateSchema>;

/** Name of a slot of the optimiser (`m`, `v`, `steps`, ...) of the weight `name` in the file. */
export function momentName(slot: string, name: string): string {
  return `${PREFIX}${slot}/${name}`;
}

const MOMENT = /^optimizer\.([a-z]+)\/(.*)$/s;

/** Whether a tensor is state of the optimiser and no weight. */
export function isMoment(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Whether a tensor is a weight: no state of the optimiser, no buffer of the reference or of features. */
export function isWeight(name: string): boolean {
  return !isMoment(name) && !isReferenceBuffer(name) && !name.startsWith(FEATURES_PREFIX);
}

/** Metadata of a checkpoint file. */
export function checkpointMetadata(
  checksums: string,
  state: CheckpointState,
  extra: CheckpointExtra,
): Record<string, string> {
  const texts = { version: VERSION, state: JSON.stringify(state), extra: JSON.stringify(extra) };
  return { format: FORMAT, checksums, ...texts, textsHash: textsHash(texts) };
}

/** What tells a damaged state or extra, as checksums tell a damaged tensor: 32-bit FNV-1a, in hex. */
function textsHash({ version, state, extra }: Readonly<Record<string, string | undefined>>): string {
  return fnv1a32(JSON.stringify([version, state, extra]))
    .toString(16)
    .padStart(8, '0');
}

/**
 * The state and the extra of a checkpoint whose header is this. @throws CheckpointError for another format or version,
 * and for other text than was saved.
 */
export function parseMetadata(
  metadata: Readonly<Record<string, string>>,
  file: string,
): { readonly state: CheckpointState; readonly extra: CheckpointExtra } {
  if (metadata.format !== FORMAT) {
    throw new CheckpointError(
      `checkpoint: ${file}: expected the metadata of a ${FORMAT}, which name the model; got ${metadata.format === undefined ? 'none' : `those of "${metadata.format}"`}; another program may have dropped them: loadWeights puts such a file into a model that you name`,
      file,
    );
  }
  checkVersion(metadata, file);
  const { version, textsHash: saved } = metadata;
  if ((version === VERSION || saved !== undefined) && saved !== textsHash(metadata))
    throw new CheckpointError(
      `checkpoint: ${file}: expected version, state and extra of the metadata as they were saved; got other text; the file is damaged there`,
      file,
    );
  const state = parseState(metadata.state, file);
  return { state, extra: parseJson(metadata.extra ?? '{}', 'extra', file) as CheckpointExtra };
}

/** @throws CheckpointError for a version that is not known here. */
export function checkVersion({ version }: Readonly<Record<string, string>>, file: string): void {
  if (READ_VERSIONS.includes(version)) return;
  throw new CheckpointError(
    `checkpoint: ${file}: expected ${FORMAT} version ${READ_VERSIONS.slice(0, -1).join(', ')} or ${VERSION}; got version ${version ?? 'none'}`,
    file,
  );
}

/**
 * Which tensors of a checkpoint are weights and which slots of the optimiser. @throws CheckpointError when one of a
 * pair of moments is missing.
 */
export function sortNames(
  names: readonly string[],
  file: string,
): { readonly weights: readonly string[]; readonly moments: ReadonlyMap<string, readonly string[]> } {
  const present = new Set(names);
  const weights = names.filter(isWeight);
  const moments = new Map<string, string[]>();
  for (const name of names) {
    const [, slot, own] = MOMENT.exec(name) ?? [];
    if (slot === undefined) continue;
    for (const other of slot === 'm' || slot === 'v' || slot === 'steps' ? ['m', 'v'] : []) {
      if (present.has(momentName(other, own))) continue;
      throw new CheckpointError(
        `checkpoint: ${file}: expected '${momentName(other, own)}' beside '${name}'; got none`,
        file,
      );
    }
    moments.set(own, [...(moments.get(own) ?? []), slot]);
  }
  return { weights, moments };
}

/** The state of a checkpoint from its text. @throws CheckpointError. */
export function parseState(text: string | undefined, file: string): CheckpointState {
  const result = stateSchema.safeParse(parseJson(text ?? 'null', 'state', file));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CheckpointError(`checkpoint: ${file}: state.${issue.path.join('.')}: ${issue.message}`, file);
}

function parseJson(text: string, what: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${file}: ${what}: ${(error as Error).message}`, file, { cause: error });
  }
}
