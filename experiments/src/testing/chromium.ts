import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian puts it; `SEQREC_CHROMIUM` names another. */
export const chromiumPath = process.env.SEQREC_CHROMIUM ?? '/usr/bin/chromium';
export const hasChromium = existsSync(chromiumPath);

const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Software WebGPU, where this build of Chromium brings or finds one. */
const WEBGPU = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

/** A headless Chromium; with `webgpu` it may use a GPU, or one in software. */
export function startChromium({ webgpu = false }: { readonly webgpu?: boolean } = {}): Promise<Browser> {
  const args = [...QUIET, ...(webgpu ? WEBGPU : ['--disable-gpu'])];
  return chromium.launch({ executablePath: chromiumPath, headless: true, args });
}
