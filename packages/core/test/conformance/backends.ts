import { type BackendName, useBackend } from '../../src/index.ts';

export interface Present {
  readonly name: Exclude<BackendName, 'auto'>;
  /** Why the backend cannot be tested here; `undefined` when it can. */
  readonly absent?: string;
}

/** Another way to start a backend than `useBackend` does, for example without the fastest instructions. */
export interface Variant {
  readonly label: string;
  readonly start: () => Promise<void>;
  /** Whether a machine may be without it. */
  readonly isOptional?: boolean;
}

/** Backends that every machine has. */
const always: ReadonlySet<string> = new Set(['cpu', 'simd']);

/** Starts a backend, or says why it is not there. @throws what a backend or variant throws that has to be there. */
export async function probe(name: Present['name'], variant?: Variant): Promise<Present> {
  try {
    if (variant === undefined) await useBackend(name);
    else await variant.start();
    return { name };
  } catch (error) {
    if (always.has(name) && variant?.isOptional !== true) throw error;
    return { name, absent: error instanceof Error ? error.message : String(error) };
  }
}
