import { type BackendName, explainKernels, formatKernelTable, useBackend } from '@seqrec/core';
import { describeMpi } from '@seqrec/core/collectives';
import type { BlasInfo, SimdInfo } from '@seqrec/core/simd';
import { describeEnvironment, type Environment } from '../run/folder/environment.ts';
import { formatBytes, wrapText } from '../terminal/format.ts';
import { renderPairs, terminalWidth } from '../terminal/table.ts';
import { backendFacts } from './backend-facts.ts';

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
  /** The native library that `--blas auto` takes, or why there is none. */
  readonly products: NonNullable<SimdInfo['blas']>;
  readonly chosen: { readonly name: string; readonly reason: string };
  readonly kernels: ReturnType<typeof explainKernels>;
  /** Over what ranks of a training can talk. */
  readonly ranks: readonly TransportStatus[];
}

interface TransportStatus {
  readonly name: string;
  readonly available: boolean;
  readonly reason: string;
}

const others = ['cpu', 'wasm', 'webgpu', 'tensorflow', 'simd'] as const;

/** Tries every backend, then starts the one that `auto` takes. */
export async function examine(): Promise<Examination> {
  const backends: BackendStatus[] = [];
  for (const name of others) backends.push(await probe(name));
  const products = await nativeProducts();
  const choice = await useBackend('auto');
  return {
    environment: describeEnvironment(choice),
    backends: backends.reverse(),
    products,
    chosen: { name: choice.name, reason: choice.reason },
    kernels: explainKernels(),
    ranks: transports(),
  };
}

function transports(): TransportStatus[] {
  const always = [
    { name: 'workers', available: true, reason: 'threads of one process: --ranks N' },
    { name: 'tcp', available: true, reason: 'processes anywhere: --rank R --ranks N --rendezvous HOST:PORT' },
  ];
  try {
    return [...always, { name: 'mpi', available: true, reason: `mpiexec -n N seqrec train ...: ${describeMpi()}` }];
  } catch (error) {
    return [
      ...always,
      { name: 'mpi', available: false, reason: error instanceof Error ? error.message : String(error) },
    ];
  }
}

async function probe(name: Exclude<BackendName, 'auto'>): Promise<BackendStatus> {
  try {
    const { reason, details } = await useBackend(name);
    return { name, available: true, reason, details: { ...details, ...(await matricesOf(name, details)) } };
  } catch (error) {
    return { name, available: false, reason: error instanceof Error ? error.message : String(error), details: {} };
  }
}

async function nativeProducts(): Promise<Examination['products']> {
  try {
    const { details } = await useBackend('simd', { blas: 'auto' });
    return details.blas as Examination['products'];
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** From which side of a product on the library is faster, and by how much. */
function productsLine(products: Examination['products']): string {
  if ('missing' in products) return statusLine({ name: 'blas', available: false }, products.missing);
  const { library, version, core, from, note, rates = [] }: BlasInfo = products;
  const measured = rates.map((rate) => `${rate.side}: ${rate.ours.toFixed(0)}, ${rate.library.toFixed(0)}`).join('; ');
  const which = from === 'never' ? 'no products, since ours are as fast' : `products of ${from} and more a side`;
  const facts = [`--blas auto: ${which}`, `${library}, ${version}, kernels for ${core}`];
  const rest = [`GFLOP/s of one thread by side, ours and its: ${measured}`, ...(note === undefined ? [] : [note])];
  return statusLine({ name: 'blas', available: true }, [...facts, ...rest].join('; '));
}

/** What products in half precision use, which a device tells when they are asked for. */
async function matricesOf(name: BackendStatus['name'], { features }: BackendStatus['details']) {
  if (name !== 'webgpu' || !(features as readonly string[]).includes('shader-f16')) return {};
  const { subgroupMatrices } = (await useBackend('webgpu', { precision: 'f16' })).details;
  await useBackend('webgpu');
  return { subgroupMatrices };
}

export function renderExamination({ environment, backends, products, chosen, kernels, ranks }: Examination): string {
  const machine = renderPairs([
    ['node', `${environment.node} (V8 ${environment.v8})`],
    ['system', environment.platform],
    ['cpu', environment.cpu],
    ['threads', String(environment.cores)],
    ['wasm', wasmFeatures()],
    ['memory', formatBytes(environment.memoryBytes)],
    ...Object.entries(environment.packages),
    ['commit', environment.commit ?? '(not a git working copy)'],
  ]);
  const status = backends.map((backend) => {
    return statusLine(backend, [backend.reason, ...backendFacts(backend.details)].join('; '));
  });
  return [
    `Machine\n${machine}`,
    `Backends\n${status.join('\n')}`,
    `Products by a native library\n${productsLine(products)}`,
    `Chosen: ${chosen.name} (${chosen.reason})`,
    `Ranks\n${ranks.map((each) => statusLine(each, each.reason)).join('\n')}`,
    `Kernels (fused: ours; composed: ours, of tfjs ops; stock: of tfjs)\n${formatKernelTable(kernels)}`,
  ].join('\n\n');
}

function statusLine({ name, available }: Pick<TransportStatus, 'name' | 'available'>, about: string): string {
  const text = wrapText(about, Math.min(110, terminalWidth() ?? 110), ' '.repeat(18)).trimStart();
  return `  ${name.padEnd(11)} ${available ? 'yes' : 'no '} ${text}`;
}

/** WebAssembly features of this Node, tried with the smallest module that needs each. */
function wasmFeatures(): string {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  // A function without parameters whose body is the bytes given.
  const withBody = (...body: number[]) =>
    WebAssembly.validate(
      Uint8Array.of(
        ...header,
        1,
        4,
        1,
        0x60,
        0,
        0,
        3,
        2,
        1,
        0,
        10,
        body.length + 4,
        1,
        body.length + 2,
        0,
        ...body,
        0x0b,
      ),
    );
  const zero = [0xfd, 12, ...new Array(16).fill(0)];
  const features = [
    // v128.const 0; drop
    { name: 'SIMD', present: withBody(...zero, 0x1a) },
    // v128.const 0 three times; f32x4.relaxed_madd; drop
    { name: 'relaxed SIMD', present: withBody(...zero, ...zero, ...zero, 0xfd, 0x85, 0x02, 0x1a) },
    // A shared memory of one page.
    { name: 'threads', present: WebAssembly.validate(Uint8Array.of(...header, 5, 4, 1, 3, 1, 1)) },
  ];
  return features.map(({ name, present }) => `${name} ${present ? 'yes' : 'no'}`).join(', ');
}
