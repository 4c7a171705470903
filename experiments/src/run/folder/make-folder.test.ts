import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('makes a folder again whose working directory was removed meanwhile, and does not try for ever', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'seqrec-folder-')));
  const module = JSON.stringify(fileURLToPath(new URL('make-folder.ts', import.meta.url)));
  const program = `import { makeFolder } from ${module};
    import { rmSync } from 'node:fs';
    rmSync(process.cwd(), { recursive: true });
    makeFolder('runs/one');`;
  execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, timeout: 20_000 });
  expect(readdirSync(join(folder, 'runs'))).toEqual(['one']);
});
