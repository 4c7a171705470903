import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bundle, bundlePage } from './bundle.ts';

const sum = (files: readonly { readonly gzippedBytes: number }[]) =>
  files.reduce((bytes, { gzippedBytes }) => bytes + gzippedBytes, 0);

describe('bundles for browsers', () => {
  it('core and models need no Node built-in', async () => {
    const text =
      "export * as core from '@seqrec/core'; export * as simd from '@seqrec/core/simd'; export * as models from '@seqrec/models'; export * as data from '@seqrec/data';";
    const { metafile } = await bundle({ text });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.some((input) => input.endsWith('packages/core/src/index.ts'))).toBe(true);
    expect(inputs.some((input) => input.endsWith('packages/models/src/browser.ts'))).toBe(true);
    expect(
      inputs.filter((input) =>
        /packages\/(data|models)\/src\/index\.ts$|platform\/node\.ts$|simd\/native\/|koffi/.test(input),
      ),
    ).toEqual([]);
    // What other packages empty by their own `browser` field: tfjs-core's Node platform, seedrandom's Node entropy.
    const emptied = inputs.filter((input) => input.startsWith('(disabled):'));
    for (const input of emptied) {
      const importers = Object.entries(metafile.inputs).filter(([, { imports }]) =>
        imports.some(({ path }) => path === input),
      );
      for (const [importer] of importers)
        expect(importer).toMatch(/node_modules\/(@tensorflow\/tfjs-core|seedrandom)\//);
    }
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.filter(({ external }) => external),
    );
    expect(outside).toEqual([]);
  });

  it.each(['node:fs', 'fs', 'node:worker_threads'])('refuses a module that imports %s', async (name) => {
    await expect(bundle({ text: `import * as built from '${name}'; console.log(built);` })).rejects.toThrow(
      `Could not resolve "${name}"`,
    );
  });

  it('the page is below 1.5 MB gzipped, kernels of WebAssembly included', async () => {
    const { files, metafile } = await bundlePage();
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['assets/page.js', 'assets/worker.js', 'assets/style.css']));
    const kernels = paths.filter((path) => path.endsWith('.wasm'));
    expect(kernels.map((path) => path.replace(/-\w+\.wasm$/, '')).sort()).toEqual(['assets/plain', 'assets/relaxed']);
    expect(sum(files)).toBeLessThan(1_500_000);
    const inputsOf = (script: string) => {
      const imports = metafile.outputs[script].imports.filter(({ kind }) => kind === 'import-statement');
      return [script, ...imports.map(({ path }) => path)].flatMap((path) => Object.keys(metafile.outputs[path].inputs));
    };
    // A backend is fetched when it is chosen: stock WebGPU is in no file that the worker always loads.
    expect(inputsOf('assets/worker.js').some((input) => input.includes('tfjs-core'))).toBe(true);
    expect(inputsOf('assets/worker.js').some((input) => input.includes('tfjs-backend-webgpu'))).toBe(false);
    // What draws does not compute: no click waits for the model.
    expect(inputsOf('assets/page.js').filter((input) => /tfjs|packages\/(core|models)/.test(input))).toEqual([]);
    // Each script names the kernels that lie beside it.
    const script = files.find(({ path }) => path.includes('/simd-'))!;
    for (const kernel of kernels)
      expect(new TextDecoder().decode(script.contents)).toContain(kernel.slice('assets/'.length));
  });

  it('the document names the files of the bundle, and forbids everything else', async () => {
    const html = readFileSync(new URL('../../../page/index.html', import.meta.url), 'utf8');
    const { files } = await bundlePage();
    const named = [...html.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, path]) => path);
    expect(named.sort()).toEqual(['assets/page.js', 'assets/style.css']);
    for (const path of named) expect(files.map((file) => file.path)).toContain(path);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/https?:\/\//);
  });
});
