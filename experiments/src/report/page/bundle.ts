import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildFailure, type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { PluginError } from '../../plugins/plugin-error.ts';
import { type PagePlugin, WORKER_ENTRY, withPlugins } from './page-plugins.ts';

/** Whether this program runs from its sources. */
const fromSources = import.meta.url.endsWith('.ts');
/** The page's sources, or what they were compiled to. */
const scriptFolder = fileURLToPath(new URL('../../../page/', import.meta.url));
const scripts = fromSources ? { page: 'main.ts', worker: 'worker.ts' } : { page: 'main.js', worker: 'worker.js' };
/** Its document and style sheet, which are not compiled. */
export const pageFolder = fromSources ? scriptFolder : fileURLToPath(new URL('../../../../page/', import.meta.url));

/** A file of a bundle. */
export interface BundledFile {
  /** Its path in the folder of the page. */
  readonly path: string;
  readonly contents: Uint8Array;
  readonly gzippedBytes: number;
}

export interface Bundle {
  readonly files: readonly BundledFile[];
  /** Which source went where, and what was left out. */
  readonly metafile: Metafile;
}

/** What to bundle: files, or the text of a module that resolves its imports in the folder of the page. */
export type BundleEntry = { readonly files: Readonly<Record<string, string>> } | { readonly text: string };

/**
 * Bundles modules for browsers into `assets/`: standard modules, one file for what is always needed and one for each
 * backend, kernels of WebAssembly beside them.
 *
 * @throws esbuild's BuildFailure when an import cannot be resolved, a Node built-in for example.
 */
export async function bundle(entry: BundleEntry, plugins: readonly Plugin[] = []): Promise<Bundle> {
  const from: BuildOptions =
    'text' in entry
      ? { stdin: { contents: entry.text, resolveDir: pageFolder, sourcefile: 'entry.ts', loader: 'ts' } }
      : { entryPoints: { ...entry.files } };
  const { outputFiles, metafile } = await build({
    ...from,
    absWorkingDir: pageFolder,
    bundle: true,
    // In memory: the names are those that the files will have.
    write: false,
    outdir: 'assets',
    platform: 'browser',
    format: 'esm',
    splitting: true,
    minify: true,
    // Shared memory, private fields and top-level await exist here; nothing is lowered.
    target: 'es2022',
    // The sources of our packages, where they are; `browser` is added by the platform.
    conditions: [...(fromSources ? ['@seqrec/source'] : []), 'module'],
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.wasm': 'file' },
    plugins: [urlsOfAssets, ...plugins],
    metafile: true,
    logLevel: 'silent',
  });
  const files = outputFiles.map(({ path, contents }) => ({
    path: `assets/${path.slice(pageFolder.length + 'assets/'.length)}`,
    contents,
    gzippedBytes: gzipSync(contents).length,
  }));
  return { files, metafile };
}

const NEW_URL = /new URL\(\s*'(\.{1,2}\/[^']+)',\s*import\.meta\.url\s*,?\s*\)/g;

/** `new URL('file', import.meta.url)` names a file beside the script: esbuild is told so, other bundlers know. */
export const urlsOfAssets: Plugin = {
  name: 'urls-of-assets',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]simd[\\/]platform[\\/]browser\.[jt]s$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const imports: string[] = [];
      const contents = source.replaceAll(NEW_URL, (_, file: string) => {
        imports.push(`import asset${imports.length} from '${file}';`);
        return `new URL(asset${imports.length - 1}, import.meta.url)`;
      });
      return {
        contents: `${imports.join(' ')}\n${contents}`,
        loader: path.endsWith('.ts') ? 'ts' : 'js',
        resolveDir: dirname(path),
      };
    });
  },
};

/**
 * The scripts and the style sheet of the page: what draws, and what computes in a worker, with the plug-ins that the
 * model comes from.
 *
 * @throws PluginError for a plug-in that cannot be bundled.
 */
export async function bundlePage(plugins: readonly PagePlugin[] = []): Promise<Bundle> {
  const files = { page: join(scriptFolder, scripts.page), style: 'style.css' };
  if (plugins.length === 0) return bundle({ files: { ...files, worker: join(scriptFolder, scripts.worker) } });
  try {
    return await bundle({ files: { ...files, worker: WORKER_ENTRY } }, [
      withPlugins(plugins, scriptFolder, scripts.worker),
    ]);
  } catch (error) {
    const { errors = [] } = error as Partial<BuildFailure>;
    if (errors.length === 0) throw error;
    const [{ text, location }] = errors;
    const place = location === null ? '' : `${location.file}:${location.line}: `;
    throw new PluginError(
      `page: expected plug-ins that can be bundled for browsers (${plugins.map(({ name }) => name).join(', ')}); got ${place}${text}`,
    );
  }
}
