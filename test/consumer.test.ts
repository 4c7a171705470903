// What another project gets: the packages are packed as they would be published, installed into a fresh pnpm project
// from the tarballs, and used from plain JavaScript on the built files.
import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastLine, type Output, type Packed, packAll, pnpm, program, project, run } from './packed.ts';

describe('the packed packages', () => {
  let packed: Packed;
  beforeAll(() => {
    packed = packAll();
  });
  afterAll(() => packed?.remove());

  it('have nothing that publint remarks on', async () => {
    for (const [name, file] of Object.entries(packed.tarballs)) {
      const tarball = Uint8Array.from(readFileSync(file)).buffer;
      const { messages, pkg } = await publint({ pack: { tarball } });
      expect(
        messages.map((message) => formatMessage(message, pkg)),
        name,
      ).toEqual([]);
    }
  });

  it('ship no sources and no tests', () => {
    const files = run('tar', ['-tzf', packed.tarballs['@seqrec/core']], packed.folder);
    expect(files).toContain('package/dist/index.js');
    expect(files).toContain('package/dist/backends/simd/wasm/relaxed.wasm');
    expect(files).toContain('package/dist/backends/simd/wasm/relaxed-blas.wasm');
    expect(files).not.toMatch(/\.test\.|\/src\/|conformance/);
  });

  describe('in a pnpm project', () => {
    let output: Output;
    beforeAll(() => {
      const dependencies = Object.fromEntries(
        Object.entries(packed.tarballs).map(([name, file]) => [name, `file:${file}`]),
      );
      const manifest = { name: 'consumer', private: true, type: 'module', dependencies };
      // Published packages would come from the registry; here the tarballs stand in for it.
      const overrides = Object.entries(dependencies).map(([name, spec]) => `  '${name}': ${spec}`);
      const scripts = ['@tensorflow/tfjs-node-gpu', 'core-js', 'webgpu'].map((name) => `  '${name}': false`);
      const place = project(packed, 'pnpm', {
        'package.json': JSON.stringify(manifest),
        'pnpm-workspace.yaml': ['allowBuilds:', ...scripts, 'overrides:', ...overrides, ''].join('\n'),
        'train.js': program,
      });
      pnpm(['install', '--no-frozen-lockfile'], place);
      output = lastLine<Output>(run(process.execPath, ['train.js'], place));
    });

    it('run on the compiled kernels that the tarball ships', () => {
      expect(output.backend).toBe('simd');
    });

    it('train ten steps and evaluate', () => {
      expect(output.losses).toHaveLength(10);
      expect(output.losses.at(-1)).toBeLessThan(output.losses[0]);
      expect(output.metrics['HR@10']).toBeGreaterThan(0);
    });
  });
});
