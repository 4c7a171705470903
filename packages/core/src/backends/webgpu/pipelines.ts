import type { SeqrecError } from '../../errors.ts';
import { type Program, shaderError, wgslOf } from './program.ts';

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiled programs of one device. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #counters: { pipelines: number };
  readonly #fail: (error: SeqrecError) => void;
  readonly #known = new Map<string, Pipeline>();
  #pending: Promise<void>[] = [];

  /** `counters` counts what is compiled, `fail` hears of programs that do not compile. */
  constructor(device: GPUDevice, counters: { pipelines: number }, fail: (error: SeqrecError) => void) {
    this.#device = device;
    this.#counters = counters;
    this.#fail = fail;
  }

  /** What resolves when every program that was asked for until now has been judged. */
  checked(): Promise<unknown> {
    const pending = this.#pending;
    this.#pending = [];
    return Promise.all(pending);
  }

  /** The pipeline of a program, compiled when it is first asked for. */
  of(program: Program): Pipeline {
    const key = `${program.op}/${program.key}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#device.pushErrorScope('validation');
    const layout = this.#device.createBindGroupLayout({ label: key, entries: layoutOf(program) });
    const module = this.#device.createShaderModule({ label: key, code: wgslOf(program) });
    const pipeline = this.#device.createComputePipeline({
      label: key,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    this.#pending.push(
      this.#device.popErrorScope().then(
        (error) => {
          if (error !== null) this.#fail(shaderError(program, error.message));
        },
        // A lost device has no opinion.
        () => {},
      ),
    );
    const made = { pipeline, layout };
    this.#known.set(key, made);
    this.#counters.pipelines++;
    return made;
  }
}

/** Visibility of compute programs. */
const COMPUTE = 4;

function layoutOf({ bindings, uniforms = [] }: Program): GPUBindGroupLayoutEntry[] {
  const entries = bindings.map(({ access }, binding): GPUBindGroupLayoutEntry => {
    const type = access === 'read' ? 'read-only-storage' : 'storage';
    return { binding, visibility: COMPUTE, buffer: { type } };
  });
  if (uniforms.length > 0) entries.push({ binding: entries.length, visibility: COMPUTE, buffer: { type: 'uniform' } });
  return entries;
}
