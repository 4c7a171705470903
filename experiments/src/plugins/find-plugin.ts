import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PluginError } from './plugin-error.ts';
import { resolvePackage } from './shared-imports.ts';

/** Where a plug-in is. */
export interface FoundPlugin {
  /** As it was named. */
  readonly name: string;
  /** The file that is imported. */
  readonly path: string;
  /** Whether it was found as a package, which may move with its project. */
  readonly isPackage: boolean;
  /** Of a package. */
  readonly version?: string;
}

const FILE = /^\.{0,2}[\\/]|^[A-Za-z]:[\\/]|\.[cm]?[jt]s$/;

/** Whether a name is one of a file of code, there or not: by how it begins or ends. */
export function isFileName(name: string): boolean {
  return FILE.test(name);
}

/**
 * Finds a plug-in: a file relative to a folder, or a package that is installed for files of that folder.
 *
 * @param where begins the message: the option, or the line of a configuration.
 * @throws PluginError naming what is not there.
 */
export function findPlugin(name: string, folder: string, where: string): FoundPlugin {
  const path = isAbsolute(name) ? name : resolve(folder, name);
  if (existsSync(path) && statSync(path).isFile()) return { name, path, isPackage: false };
  if (isFileName(name)) {
    const there = existsSync(path) ? `${path} is a folder; name the file that it starts from` : `there is no ${path}`;
    throw new PluginError(`${where}: expected a plug-in, a file or an installed package; got ${name}; ${there}`);
  }
  let entry: string;
  try {
    entry = resolvePackage(name, pathToFileURL(join(resolve(folder), 'plugins.js')).href);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ERR_MODULE_NOT_FOUND'
        ? `no package of that name is installed for ${resolve(folder)}; a file begins with ./`
        : message;
    throw new PluginError(`${where}: expected a plug-in, a file or an installed package; got ${name}; ${reason}`);
  }
  if (!entry.startsWith('file:'))
    throw new PluginError(`${where}: expected a plug-in, a file or an installed package; got ${name}, a part of Node`);
  const file = fileURLToPath(entry);
  if (!existsSync(file))
    throw new PluginError(
      `${where}: expected a plug-in, a file or an installed package; got ${name}, whose entry ${file} is missing; build the package first`,
    );
  const version = versionOf(file);
  return { name, path: file, isPackage: true, ...(version !== undefined && { version }) };
}

/** The version of the package that a file is part of. */
function versionOf(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version?: string };
      // A manifest without a version only says how the files below it are read.
      if (version !== undefined) return version;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Whether a file is TypeScript. */
export function isTypeScript(path: string): boolean {
  return /^\.[cm]?ts$/.test(extname(path));
}
