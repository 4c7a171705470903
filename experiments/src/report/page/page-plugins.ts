import { isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImportKind, Plugin, PluginBuild } from 'esbuild';
import type { FoundPlugin } from '../../plugins/find-plugin.ts';
import { isLent, isShared } from '../../plugins/shared-imports.ts';

/** A plug-in that the model of a page comes from. */
export type PagePlugin = Pick<FoundPlugin, 'name' | 'path' | 'isPackage'>;

/** Stands for the worker of a page with plug-ins. */
export const WORKER_ENTRY = 'seqrec:worker';

/** Namespaces of modules that are made here. */
const ENTRY = 'seqrec-page';
const ABSENT = 'seqrec-absent';
const DATA = 'seqrec-data';
/** Says that a resolution comes from here. */
const OWN = { own: true };

/**
 * Loads plug-ins before the worker's script. They share our packages with it, as in Node. What a browser does not
 * have (modules of Node, the readers of `@seqrec/data`) is there by name and throws when it is called: a plug-in that
 * defines a model and a source is one file, and the page has no use for the source.
 */
export function withPlugins(plugins: readonly PagePlugin[], pageFolder: string, script: string): Plugin {
  return {
    name: 'plug-ins',
    setup(build) {
      const entry = JSON.stringify;
      const imports = [
        `./${script.replace('worker', 'jitless')}`,
        ...plugins.map((_, i) => `seqrec:plugin:${i}`),
        `./${script}`,
      ];
      build.onResolve({ filter: /^seqrec:worker$/ }, () => ({ path: WORKER_ENTRY, namespace: ENTRY }));
      build.onLoad({ filter: /.*/, namespace: ENTRY }, () => ({
        contents: imports.map((path) => `import ${entry(path)};`).join('\n'),
        resolveDir: pageFolder,
      }));
      build.onResolve({ filter: /^seqrec:plugin:\d+$/ }, ({ path, kind }) => {
        const { name, path: file, isPackage } = plugins[Number(path.split(':')[2])];
        // By its name a package may have another entry for browsers.
        if (!isPackage) return { path: file };
        return build.resolve(name, { kind, resolveDir: dirname(file), pluginData: OWN });
      });
      shareModules(build, pageFolder);
    },
  };
}

/** The same modules for plug-ins as for the page; what there is not in a browser throws when it is called. */
function shareModules(build: PluginBuild, pageFolder: string): void {
  const fromPage = (path: string, kind: ImportKind) =>
    build.resolve(path, { kind, resolveDir: pageFolder, pluginData: OWN });
  // These import `@seqrec/data` for what it has in a browser.
  let ours = [pageFolder, fileURLToPath(new URL('.', import.meta.url))];
  build.onStart(async () => {
    const { path } = await fromPage('@seqrec/models', 'import-statement');
    ours = [...ours, dirname(path)];
  });
  build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, namespace, pluginData, resolveDir }) => {
    if (pluginData === OWN || namespace !== 'file') return undefined;
    if (path === '@seqrec/data' && !ours.some((folder) => importer.startsWith(folder)))
      return { path, namespace: DATA };
    if (isShared(path)) return fromPage(path, kind);
    const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: OWN });
    if (found.errors.length === 0) return undefined;
    if (isLent(path)) return fromPage(path, kind);
    return isBuiltin(path) ? { path, namespace: ABSENT } : undefined;
  });
  build.onLoad({ filter: /.*/, namespace: ABSENT }, ({ path }) => ({ contents: absent('{}', path) }));
  build.onLoad({ filter: /.*/, namespace: DATA }, ({ path }) => ({
    contents: absent(`require(${JSON.stringify(path)})`, path),
    resolveDir: pageFolder,
  }));
}

/**
 * A module with every name: what `present` lacks throws when it is called. Names are looked up in the prototype, which
 * survives what bundlers do to make a module of this kind look like a standard one.
 */
function absent(present: string, name: string): string {
  return `const present = ${present};
module.exports = Object.create(new Proxy({}, {
  get: (_, key) => key in present ? present[key] : key === '__esModule' ? undefined : () => {
    throw new Error(${JSON.stringify(`${name}: `)} + String(key) + ' is not there in a browser');
  },
}));`;
}
