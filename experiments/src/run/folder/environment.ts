import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What a run ran on. */
export interface Environment {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly packages: Readonly<Record<string, string>>;
  /** Commit of the working copy that holds this program, with `-dirty` when it differs; absent outside a repository. */
  readonly commit?: string;
  readonly backend: unknown;
  readonly command: readonly string[];
}

export function describeEnvironment(backend: unknown): Environment {
  const commit = gitCommit();
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${platform()} ${arch()} ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    packages: packageVersions(),
    ...(commit && { commit }),
    backend,
    command: process.argv.slice(2),
  };
}

/** Version and commit of this program, by which ranks know each other. */
export function programVersion(): string {
  return [packageVersions()['@seqrec/models'] ?? 'unknown', gitCommit()].filter((part) => part !== undefined).join(' ');
}

function packageVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of [
    '@seqrec/core',
    '@seqrec/data',
    '@seqrec/models',
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-layers',
  ]) {
    try {
      // From the resolved module up to its package: `exports` may hide package.json itself.
      for (let url = new URL('.', import.meta.resolve(name)); url.pathname !== '/'; url = new URL('..', url)) {
        const manifest = readManifest(new URL('package.json', url));
        if (manifest?.name === name) {
          versions[name] = manifest.version;
          break;
        }
      }
    } catch {
      // Not installed: left out.
    }
  }
  return versions;
}

function readManifest(url: URL): { readonly name: string; readonly version: string } | undefined {
  try {
    return JSON.parse(readFileSync(url, 'utf8'));
  } catch {
    return undefined;
  }
}

function gitCommit(): string | undefined {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const commit = git('rev-parse', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}-dirty`;
  } catch {
    return undefined;
  }
}
