import { type BackendName, useBackend } from '../../src/index.ts';

export interface Present {
  readonly name: Exclude<BackendName, 'auto'>;
  /** Why the backend cannot be tested here; `undefined` when it can. */
  readonly absent?: string;
}

/** Starts a backend, or says why it is not there. */
export async function probe(name: Present['name']): Promise<Present> {
  try {
    await useBackend(name);
    return { name };
  } catch (error) {
    return { name, absent: error instanceof Error ? error.message : String(error) };
  }
}
