import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { linkedFolder, loadTensorflow } from './tensorflow.ts';

const linked = { library: '/tf', version: '2.21.0', folder: '/seqrec/tensorflow', addon: '/seqrec/tensorflow/x.node' };
const require = createRequire(import.meta.url);

/** What tfjs-node does to find its addon. */
function findAddon(): string {
  const description = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
  return createRequire(description)('@mapbox/node-pre-gyp').find(description) as string;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

it('the linked addon lies in the package, outside node_modules, or where the environment says', () => {
  const here = dirname(fileURLToPath(import.meta.url));
  expect(linkedFolder()).toBe(join(here, '..', '..', 'tensorflow'));
  vi.stubEnv('SEQREC_TENSORFLOW', '/elsewhere');
  expect(linkedFolder()).toBe('/elsewhere');
});

it('tfjs-node finds the linked addon while it is loaded, and its own before and after', async () => {
  const own = findAddon();
  let found: string | undefined;
  const binding = { TF_Version: '2.21.0', isUsingGpuDevice: () => false };
  const choice = await loadTensorflow(async () => {
    found = findAddon();
    return { version: { 'tfjs-node': '4.22.0' }, backend: () => ({ binding }) };
  }, linked);
  expect(found).toBe(linked.addon);
  expect(findAddon()).toBe(own);
  expect(choice.details).toEqual({
    package: '@tensorflow/tfjs-node-gpu',
    version: '4.22.0',
    tensorflow: '2.21.0',
    device: 'CPU',
    library: '/tf',
  });
});

it('a linked addon that does not load says to what it is linked and how to link it again', async () => {
  const load = async () => {
    throw new Error('libtensorflow_cc.so.2: cannot open shared object file: No such file or directory');
  };
  await expect(loadTensorflow(load, linked)).rejects.toThrow(
    /cannot open shared object file.*; the addon is linked to \/tf; link it again with: npx -y pnpm@12 tensorflow --library DIR, or remove \/seqrec\/tensorflow$/,
  );
});
