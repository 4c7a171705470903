import { BackendError } from '../errors.ts';

/** What `pnpm tensorflow --library` built and leaves beside its addon, in `linked.json`. */
export interface LinkedTensorflow {
  /** Folder of the shared libraries that the addon was linked to. */
  readonly library: string;
  /** Version of TensorFlow, as the library tells it. */
  readonly version: string;
}

/** A linked addon, as it is found. */
export interface LinkedAddon extends LinkedTensorflow {
  readonly folder: string;
  readonly addon: string;
}

/** What the addon says of the library behind it. */
interface Binding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
}

/** tfjs-node as far as it is used. */
interface NodePackage {
  readonly version?: Readonly<Record<string, string>>;
  /** The backend that it has registered and started. */
  backend?(): { readonly binding?: Binding };
}

/** Name of the addon of tfjs-node, wherever it lies. */
export const ADDON = 'tfjs_binding.node';

const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/**
 * The folder of an addon that was linked to a library of the user's choice: `$SEQREC_TENSORFLOW`, else `tensorflow` in
 * this package. It is outside `node_modules`, which package managers write anew. Undefined where there are no files.
 */
export function linkedFolder(): string | undefined {
  const path = builtin('node:path');
  const url = builtin('node:url');
  if (path === undefined || url === undefined) return undefined;
  const here = path.dirname(url.fileURLToPath(import.meta.url));
  return process.env.SEQREC_TENSORFLOW || path.join(here, '..', '..', 'tensorflow');
}

/**
 * Imports tfjs-node, which registers the backend `tensorflow`: with the addon of `linked` when it is given, else with
 * that of the package.
 * @throws BackendError when neither package has a working addon.
 */
export async function loadTensorflow(load: (specifier: string) => Promise<unknown>, linked: LinkedAddon | undefined) {
  mendUtil();
  // The library counts the instructions of the processor on standard error; warnings and errors still come.
  if (globalThis.process?.env !== undefined) process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  const restore = linked && redirect(linked.addon);
  const failures: string[] = [];
  try {
    for (const specifier of PACKAGES) {
      try {
        const loaded = (await load(specifier)) as NodePackage;
        const binding = loaded.backend?.().binding;
        return {
          reason: `libtensorflow through ${specifier}; fused ops run composed from tfjs ops`,
          details: {
            package: specifier,
            version: loaded.version?.['tfjs-node'] ?? 'unknown',
            ...(binding && { tensorflow: binding.TF_Version, device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU' }),
            ...(linked && { library: linked.library }),
          },
        };
      } catch (error) {
        failures.push(`${specifier}: ${firstLine(error)}`);
      }
    }
  } finally {
    restore?.();
  }
  const hint =
    linked === undefined
      ? 'its install script is off by default, as it downloads libtensorflow; turn it on with: npx -y pnpm@12 tensorflow, or link a library that is here with: npx -y pnpm@12 tensorflow --library DIR (in a project of your own: allow the build of @tensorflow/tfjs-node-gpu and pnpm rebuild it)'
      : `the addon is linked to ${linked.library}; link it again with: npx -y pnpm@12 tensorflow --library DIR, or remove ${linked.folder}`;
  throw new BackendError(
    `useBackend: expected @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node with its native addon; got ${failures.join(' | ')}; ${hint}`,
  );
}

/** The addon in {@link linkedFolder}, when there is one. */
export function readLinked(): LinkedAddon | undefined {
  const [fs, path, folder] = [builtin('node:fs'), builtin('node:path'), linkedFolder()];
  if (fs === undefined || path === undefined || folder === undefined) return undefined;
  const [addon, about] = [path.join(folder, ADDON), path.join(folder, 'linked.json')];
  if (!fs.existsSync(addon) || !fs.existsSync(about)) return undefined;
  return { ...(JSON.parse(fs.readFileSync(about, 'utf8')) as LinkedTensorflow), folder, addon };
}

/** Makes tfjs-node find another addon than that of its package: it asks node-pre-gyp, which both packages bring. */
function redirect(addon: string): () => void {
  const create = builtin('node:module')?.createRequire;
  const restores: (() => void)[] = [];
  for (const name of PACKAGES) {
    try {
      const ofPackage = create!(create!(import.meta.url).resolve(`${name}/package.json`));
      const finder = ofPackage('@mapbox/node-pre-gyp/lib/pre-binding.js') as { find: (file: string) => string };
      const { find } = finder;
      finder.find = () => addon;
      restores.push(() => {
        finder.find = find;
      });
    } catch {
      // This package is not installed: loading it says so.
    }
  }
  return () => {
    for (const restore of restores) restore();
  };
}

/**
 * tfjs-node 4.22 calls a function of `util` that Node 23 removed, and one for which Node warns its user (DEP0044). The
 * CommonJS object is shared and can be mended.
 */
function mendUtil(): void {
  const util = builtin('node:util') as Record<string, unknown> | undefined;
  if (util === undefined) return;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}

/** A module of Node, without an import that a bundler would follow. */
function builtin<K extends keyof BuiltIns>(name: K): BuiltIns[K] | undefined {
  return globalThis.process?.getBuiltinModule?.(name) as BuiltIns[K] | undefined;
}

interface BuiltIns {
  'node:fs': typeof import('node:fs');
  'node:module': typeof import('node:module');
  'node:path': typeof import('node:path');
  'node:url': typeof import('node:url');
  'node:util': typeof import('node:util');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
