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
}

/** Starts a backend, or says why it is not there. */
export async function probe(name: Present['name'], variant?: Variant): Promise<Present> {
  try {
    if (variant === undefined) await useBackend(name);
    else await variant.start();
    return { name };
  } catch (error) {
    return { name, absent: error instanceof Error ? error.message : String(error) };
  }
}
