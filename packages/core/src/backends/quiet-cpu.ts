import * as tf from '@tensorflow/tfjs-core';

/**
 * Keeps the stock `cpu` backend from advertising tfjs-node on its first write in Node. Its flag is set where backends
 * are made, as tfjs may make `cpu` on its own, with the first tensor of a program or as the base of another backend.
 */
export function quietCpu(): void {
  const { registry, registryFactory } = tf.engine();
  if (registry.cpu !== undefined) Object.assign(registry.cpu, { firstUse: false });
  const { factory } = registryFactory.cpu;
  registryFactory.cpu.factory = () => Object.assign(factory(), { firstUse: false });
}
