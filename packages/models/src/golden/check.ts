import { GoldenError } from '../errors.ts';
import type { GoldenFile } from './file.ts';
import { type GoldenCheck, goldenChecks, goldenKindsToCome } from './kinds.ts';
import type { GoldenReport } from './report.ts';

/** A file of a kind that nothing here can be compared with yet. */
export interface GoldenNotYet {
  readonly name: string;
  /** What is missing. */
  readonly notYet: string;
}

const checks = new Map(Object.entries(goldenChecks));
const toCome = new Map(Object.entries(goldenKindsToCome));

/** The kinds of golden files that {@link checkGolden} compares: those built in and those defined since. */
export function goldenKinds(): readonly string[] {
  return [...checks.keys()];
}

/**
 * Adds a kind of golden file, for a model or an op of a plug-in. A kind still to come may be defined.
 *
 * @param kind the `kind` of the files.
 * @param check takes the parsed JSON; {@link goldenReport}, {@link compareTensors} and {@link compareGradients} make
 *   its report.
 * @throws GoldenError for a kind that has a check.
 */
export function defineGoldenCheck(kind: string, check: GoldenCheck): void {
  if (kind === '' || checks.has(kind)) {
    throw new GoldenError(
      `defineGoldenCheck: expected a kind without a check; got '${kind}'; taken are ${goldenKinds().join(', ')}`,
    );
  }
  checks.set(kind, check);
}

/**
 * Rebuilds what a golden file describes on the active backend, gives it what the file has of parameters and inputs,
 * and compares what the file has of outputs, loss and gradients.
 *
 * @param json the parsed JSON.
 * @returns the errors; or that a kind is still to come.
 * @throws GoldenError for an unknown kind or a malformed file.
 */
export async function checkGolden(json: unknown): Promise<GoldenReport | GoldenNotYet> {
  const file = (json ?? {}) as Partial<GoldenFile>;
  const { kind, name = '' } = file;
  const check = typeof kind === 'string' ? checks.get(kind) : undefined;
  if (check !== undefined) {
    const checked = await check(file as GoldenFile);
    return typeof checked === 'string' ? { name, notYet: checked } : checked;
  }
  const notYet = typeof kind === 'string' ? toCome.get(kind) : undefined;
  if (notYet !== undefined) return { name, notYet };
  throw new GoldenError(
    `golden: kind: expected one of ${goldenKinds().join(', ')}, or one still to come; got ${JSON.stringify(kind)}`,
  );
}
