import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { PluginError } from '../../plugins/plugin-error.ts';
import { bundlePage } from './bundle.ts';

// Far from our packages, as a stranger's plug-in is.
const folder = mkdtempSync(join(tmpdir(), 'seqrec-page-plugins-'));
afterAll(() => rmSync(folder, { recursive: true }));

function plugin(name: string, text: string) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { name: `./${name}`, path, isPackage: false };
}

describe('a page with plug-ins', () => {
  itInFull('holds them once, with our packages and without what a browser has not', async () => {
    const own = plugin(
      'own.ts',
      `import { readFileSync } from 'node:fs';
       import * as path from 'path';
       import { defineSource, interactionsFromArrays } from '@seqrec/data';
       import { defineModel, gru4recConfigSchema, createGru4rec } from '@seqrec/models';
       import * as tf from '@tensorflow/tfjs-core';
       import { z } from 'zod';
       defineModel({ kind: 'acme/gru', can: ['encode'], schema: gru4recConfigSchema.extend({ kind: z.literal('acme/gru') }), create: createGru4rec as never });
       defineSource({ format: 'acme/file', schema: { parse: (c) => c as never }, read: () => interactionsFromArrays(JSON.parse(readFileSync(path.join('a'), 'utf8'))) });
       console.log(tf.version_core);`,
    );
    const { files, metafile } = await bundlePage([own]);
    const text = (script: string) => new TextDecoder().decode(files.find(({ path }) => path === script)!.contents);
    const worker = text('assets/worker.js');
    expect(worker).toContain('acme/gru');
    expect(text('assets/page.js')).not.toContain('acme/gru');
    expect(worker).toContain('is not there in a browser');
    const inputs = Object.keys(metafile.inputs);
    const copies = (file: RegExp) => inputs.filter((input) => file.test(input)).length;
    expect(copies(/packages\/models\/src\/browser\.ts$/)).toBe(1);
    expect(copies(/packages\/data\/src\/browser\.ts$/)).toBe(1);
    expect(copies(/packages\/(data|models)\/src\/index\.ts$/)).toBe(0);
    // Its schemas are made after code from text is forbidden, and before the worker is asked for a model.
    const [jitless, its, script] = ['jitless.ts', 'own.ts', 'page/worker.ts'].map((name) => {
      const { inputs: order } = metafile.outputs['assets/worker.js'];
      return Object.keys(order).findIndex(
        (input) => input.endsWith(`/${name}`) || `page/${input}` === name || input === name,
      );
    });
    expect(jitless).toBeGreaterThanOrEqual(0);
    expect(jitless).toBeLessThan(its);
    expect(its).toBeLessThan(script);
  });

  it('is refused with the line where a plug-in cannot be bundled', async () => {
    const broken = plugin('broken.ts', "import '@seqrec/models';\nimport { gone } from 'not-installed';\ngone();\n");
    const bundling = bundlePage([broken]);
    await expect(bundling).rejects.toThrow(PluginError);
    await expect(bundling).rejects.toThrow(
      /page: expected plug-ins that can be bundled for browsers \(\.\/broken\.ts\); got .*broken\.ts:2: Could not resolve "not-installed"/,
    );
  });
});
