import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { describeNoAdapter, installedDrivers, tryDriver } from './drivers.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('names the drivers that Dawn refused, its reason and the way out', () => {
  const mesa = '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json';
  const browser = ['/usr/lib/chromium/vk_swiftshader_icd.json'];
  const reason = 'Vulkan shaderUniform*ArrayDynamicIndexing required';
  expect(describeNoAdapter({ reason, installed: [mesa], browser })).toBe(
    'got none from lvp_icd.x86_64.json: Vulkan shaderUniform*ArrayDynamicIndexing required; Mesa before 23 lacks that: take a newer one, or set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json, the driver of the browser, which runs on a CPU',
  );
  expect(describeNoAdapter({ reason: 'no memory', installed: [mesa], browser: [] })).toBe(
    'got none from lvp_icd.x86_64.json: no memory; take another driver, or install Chromium, whose own driver runs on a CPU (VK_ICD_FILENAMES names its vk_swiftshader_icd.json)',
  );
  expect(describeNoAdapter({ reason: 'none', installed: [], browser })).toBe(
    'got none, as there is no Vulkan driver; install a Vulkan driver (Debian 13: mesa-vulkan-drivers, which also runs on a CPU), or set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json, the driver of the browser, which runs on a CPU',
  );
  // The driver of the browser was in use already: it is no way out.
  expect(describeNoAdapter({ reason: 'broken', installed: browser, browser })).not.toContain('set VK_ICD_FILENAMES');
});

it('drivers are those that the environment names, where it does', () => {
  vi.stubEnv('VK_DRIVER_FILES', '');
  vi.stubEnv('VK_ICD_FILENAMES', '/a.json:/b.json');
  expect(installedDrivers()).toEqual(['/a.json', '/b.json']);
});

it('a driver that is none gives a reason, and no adapter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-driver-'));
  try {
    const file = join(folder, 'broken_icd.json');
    writeFileSync(
      file,
      '{"file_format_version": "1.0.0", "ICD": {"library_path": "./none.so", "api_version": "1.0.5"}}',
    );
    expect(tryDriver(file)).toEqual({ reason: expect.stringMatching(/\S/) });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
