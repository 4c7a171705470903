import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { bundlePage, pageFolder } from './bundle.ts';
import { exportPage, type PageSource } from './export.ts';
import { pageFiles } from './page-data.ts';
import { isolationHeaders } from './serve.ts';

/** What was written, in bytes. */
export interface WrittenPage {
  readonly folder: string;
  /** Scripts, kernels and style sheet. */
  readonly bundleBytes: number;
  readonly bundleGzippedBytes: number;
  readonly modelBytes: number;
}

/**
 * Writes a page as a folder of static files: `index.html`, `assets/`, `model.safetensors`, `page.json`, and
 * `_headers` for hosts that read one. A page that lies there already is replaced.
 *
 * @throws UsageError when the folder holds something else.
 */
export async function writePage(source: PageSource, folder: string): Promise<WrittenPage> {
  checkPageFolder(folder);
  const { files } = await bundlePage(source.plugins);
  rmSync(join(folder, 'assets'), { recursive: true, force: true });
  for (const { path, contents } of files) {
    makeFolder(dirname(join(folder, path)));
    writeFileSync(join(folder, path), contents);
  }
  await exportPage(source, folder);
  await copyFile(join(pageFolder, 'index.html'), join(folder, 'index.html'));
  const headers = Object.entries(isolationHeaders).map(([name, value]) => `  ${name}: ${value}\n`);
  writeFileSync(join(folder, '_headers'), `/*\n${headers.join('')}`);
  return {
    folder,
    bundleBytes: files.reduce((sum, { contents }) => sum + contents.length, 0),
    bundleGzippedBytes: files.reduce((sum, { gzippedBytes }) => sum + gzippedBytes, 0),
    modelBytes: statSync(join(folder, pageFiles.model)).size,
  };
}

/** @throws UsageError when a page would overwrite something that is none. */
export function checkPageFolder(folder: string): void {
  if (!existsSync(folder)) return;
  const refuse = (got: string) => {
    throw new UsageError(
      `--to: expected an empty folder, a page to replace, or a new place; got ${resolve(folder)}; ${got}`,
    );
  };
  if (!statSync(folder).isDirectory()) refuse('it is a file');
  const names = readdirSync(folder);
  if (names.length > 0 && !names.includes(pageFiles.data)) refuse(`it holds ${names[0]} and no ${pageFiles.data}`);
}
