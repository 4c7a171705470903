// Tries the Vulkan drivers of this machine, those that the loader finds first, then those beside a browser. Each that
// gives Dawn an adapter is a line of the output: its file (a dash for the loader's own choice), a tab, the adapter.
// Reasons go to standard error.
import { browserDrivers, installedDrivers, tryDriver } from '../src/backends/webgpu/drivers.ts';

const candidates = [undefined, ...browserDrivers().filter((file) => !installedDrivers().includes(file))];
for (const driver of candidates) {
  const outcome = tryDriver(driver);
  const name =
    driver ??
    installedDrivers()
      .map((file) => file.split('/').at(-1))
      .join(', ');
  if ('adapter' in outcome) console.log(`${driver ?? '-'}\t${outcome.adapter}`);
  else
    console.error(`webgpu: not on ${name || 'the drivers of the system, of which there are none'}: ${outcome.reason}`);
}
