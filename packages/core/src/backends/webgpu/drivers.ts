/** Vulkan drivers of a Linux machine: what Dawn makes of them, and what to do when it takes none. In Node alone. */

/** Folders in which the Vulkan loader looks for the descriptions of drivers. */
const LOADER_FOLDERS = ['/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/usr/share/vulkan/icd.d'];

/** A driver that runs on a CPU comes with Chromium and what is made of it. */
const BROWSER_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
  '/opt/microsoft/msedge',
];
const BROWSER_DRIVER = 'vk_swiftshader_icd.json';

/** What a driver gave: an adapter, or the reason why Dawn did not take it. */
export type DriverOutcome = { readonly adapter: string } | { readonly reason: string };

/** Drivers that the loader finds: `$VK_DRIVER_FILES` or `$VK_ICD_FILENAMES`, else all in its folders. */
export function installedDrivers(): string[] {
  const named = process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES;
  if (named) return named.split(':').filter((file) => file !== '');
  const { readdirSync } = process.getBuiltinModule('node:fs');
  return LOADER_FOLDERS.flatMap((folder) => {
    try {
      const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
      return names.toSorted().map((name) => `${folder}/${name}`);
    } catch {
      return [];
    }
  });
}

/** Drivers that lie beside a browser, where the loader does not look. */
export function browserDrivers(): string[] {
  const { existsSync } = process.getBuiltinModule('node:fs');
  return BROWSER_FOLDERS.map((folder) => `${folder}/${BROWSER_DRIVER}`).filter((file) => existsSync(file));
}

/**
 * Asks Dawn for an adapter in a process of its own, as the loader reads its environment once and Dawn tells its
 * reasons on standard error alone. `driver` undefined: the drivers that the loader finds.
 */
export function tryDriver(driver?: string): DriverOutcome {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { createRequire } = process.getBuiltinModule('node:module');
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  const dawn = pathToFileURL(createRequire(import.meta.url).resolve('webgpu')).href;
  const program = `const { create } = await import(${JSON.stringify(dawn)});
    const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' });
    const { device, description } = adapter?.info ?? {};
    process.stdout.write('adapter=' + (adapter ? device || description || 'unnamed' : ''), () => process.exit(0));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 60_000,
    env: driver === undefined ? process.env : { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver },
  });
  const adapter = stdout.match(/adapter=(.+)$/)?.[1];
  return adapter === undefined ? { reason: reasonIn(stderr) } : { adapter };
}

/** The first thing that Dawn warns of, in its words. */
function reasonIn(stderr: string): string {
  return stderr.match(/^Warning: (.+?)\.?$/m)?.[1] ?? 'Dawn gives no reason';
}

/** What is known where there is no adapter. */
export interface NoAdapter {
  readonly reason: string;
  readonly installed: readonly string[];
  readonly browser: readonly string[];
}

/** Why there is no adapter and the way out, for the message of an error. */
export function describeNoAdapter({ reason, installed, browser }: NoAdapter): string {
  const others = browser.filter((file) => !installed.includes(file));
  const software =
    others.length > 0
      ? `set VK_ICD_FILENAMES=${others[0]}, the driver of the browser, which runs on a CPU`
      : 'install Chromium, whose own driver runs on a CPU (VK_ICD_FILENAMES names its vk_swiftshader_icd.json)';
  if (installed.length === 0) {
    const mesa = 'install a Vulkan driver (Debian 13: mesa-vulkan-drivers, which also runs on a CPU)';
    return `got none, as there is no Vulkan driver; ${mesa}, or ${software}`;
  }
  const names = installed.map((file) => file.split('/').at(-1)).join(', ');
  const mesa = reason.includes('DynamicIndexing')
    ? 'Mesa before 23 lacks that: take a newer one'
    : 'take another driver';
  return `got none from ${names}: ${reason}; ${mesa}, or ${software}`;
}

/** {@link describeNoAdapter} of this machine; undefined where it cannot be found out. */
export function explainNoAdapter(): string | undefined {
  if (globalThis.process?.platform !== 'linux') return undefined;
  try {
    const outcome = tryDriver();
    if ('adapter' in outcome) return undefined;
    return describeNoAdapter({ ...outcome, installed: installedDrivers(), browser: browserDrivers() });
  } catch {
    return undefined;
  }
}
