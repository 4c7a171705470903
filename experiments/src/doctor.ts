import { type BackendName, explainKernels, formatKernelTable, useBackend } from '@seqrec/core';
import { describeEnvironment, type Environment } from './runs/environment.ts';
import { formatBytes } from './terminal/format.ts';
import { renderPairs, renderTable } from './terminal/table.ts';

interface BackendStatus {
  readonly name: string;
  readonly available: boolean;
  /** Why it is used, or why it is not there. */
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What `seqrec doctor` shows. */
export interface Examination {
  readonly environment: Environment;
  readonly backends: readonly BackendStatus[];
  readonly chosen: { readonly name: string; readonly reason: string };
  readonly kernels: ReturnType<typeof explainKernels>;
}

const others = ['cpu', 'wasm', 'webgpu', 'tensorflow', 'simd'] as const;

/** Tries every backend, then starts the one that `auto` takes. */
export async function examine(): Promise<Examination> {
  const backends: BackendStatus[] = [];
  for (const name of others) backends.push(await probe(name));
  const choice = await useBackend('auto');
  return {
    environment: describeEnvironment(choice),
    backends: backends.reverse(),
    chosen: { name: choice.name, reason: choice.reason },
    kernels: explainKernels(),
  };
}

async function probe(name: Exclude<BackendName, 'auto'>): Promise<BackendStatus> {
  try {
    const { reason, details } = await useBackend(name);
    return { name, available: true, reason, details };
  } catch (error) {
    return { name, available: false, reason: error instanceof Error ? error.message : String(error), details: {} };
  }
}

export function renderExamination({ environment, backends, chosen, kernels }: Examination): string {
  const machine = renderPairs([
    ['node', `${environment.node} (V8 ${environment.v8})`],
    ['system', environment.platform],
    ['cpu', environment.cpu],
    ['threads', String(environment.cores)],
    ['memory', formatBytes(environment.memoryBytes)],
    ...Object.entries(environment.packages),
    ['commit', environment.commit ?? '(not a git working copy)'],
  ]);
  const table = renderTable(
    [{ title: 'backend' }, { title: 'here' }, { title: 'why' }],
    backends.map((backend) => [backend.name, backend.available ? 'yes' : 'no', backend.reason]),
  );
  const details = backends
    .filter((backend) => Object.keys(backend.details).length > 0)
    .map((backend) => `${backend.name}\n${renderPairs(Object.entries(backend.details).map(([key, value]) => [key, plain(value)]))}`);
  return [
    `Machine\n${machine}`,
    `Backends\n${table}`,
    ...details,
    `Chosen: ${chosen.name} (${chosen.reason})`,
    `Kernels (fused: ours; composed: ours, of tfjs ops; stock: of tfjs)\n${formatKernelTable(kernels)}`,
  ].join('\n\n');
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
