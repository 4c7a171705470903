import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const launcher = fileURLToPath(new URL('../bin/seqrec.mjs', import.meta.url));

it.each([
  [{}, ['node-compile-cache']],
  [{ NODE_DISABLE_COMPILE_CACHE: '1' }, []],
])('the command keeps what V8 compiled unless told not to: %j', (variables, kept) => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-launcher-'));
  const { NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE, ...rest } = process.env;
  const { status } = spawnSync(process.execPath, [launcher, '--help'], {
    env: { ...rest, TMPDIR: folder, ...variables },
  });
  expect(status).toBe(0);
  expect(readdirSync(folder)).toEqual(kept);
});
