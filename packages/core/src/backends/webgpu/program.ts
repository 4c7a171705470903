import { ShaderError } from '../../errors.ts';

/** A storage buffer of a program. `write` means that the program may also read it. */
export interface Binding {
  readonly name: string;
  /** Element type in WGSL. */
  readonly type: 'f32' | 'i32' | 'u32' | 'vec4<f32>' | 'vec4<u32>' | 'atomic<u32>';
  readonly access: 'read' | 'write';
}

/** A scalar that may change from call to call without another pipeline. */
export interface Uniform {
  readonly name: string;
  readonly type: 'f32' | 'i32' | 'u32';
}

/** A compute program. Its text is made from the fields, see {@link wgslOf}. */
export interface Program {
  /** Kernel that errors name. */
  readonly op: string;
  /** Everything that the text depends on besides `op`; programs with equal keys share a pipeline. */
  readonly key: string;
  readonly bindings: readonly Binding[];
  readonly uniforms?: readonly Uniform[];
  /** Threads of a workgroup. */
  readonly threads: number;
  /**
   * Whether the text keeps operands of products in workgroup memory as `Tile`, four numbers: float32, or float16
   * where the backend runs in half precision. Sums stay float32. `operand(x)` in the text is `x` as a tile has it.
   */
  readonly tiles?: 'f32' | 'f16';
  /**
   * Whether the text uses subgroup matrices and float16; in scope of the body then: `subgroup`, its
   * number in the workgroup.
   */
  readonly subgroupMatrices?: boolean;
  /** WGSL outside the entry point: functions and workgroup variables. */
  readonly globals?: string;
  /** Body of the entry point. In scope: `group`, the index of the workgroup, and `lane`, of the thread in it. */
  readonly body: string;
}

/** Shorthand for {@link Binding}: `'q'` reads f32, `'ids: i32'` reads another type, `'out!'` is written. */
export function bind(...specifications: readonly string[]): Binding[] {
  return specifications.map((text) => {
    const [label, type = 'f32'] = text.split(': ');
    const write = label.endsWith('!');
    const name = write ? label.slice(0, -1) : label;
    return { name, type: type as Binding['type'], access: write ? 'write' : 'read' };
  });
}

/** Shorthand for {@link Uniform}: `'count'` is u32, `'epsilon: f32'` another type. */
export function uniforms(...specifications: readonly string[]): Uniform[] {
  return specifications.map((text) => {
    const [name, type = 'u32'] = text.split(': ');
    return { name, type: type as Uniform['type'] };
  });
}

/**
 * `operand(x)`: what the tiles keep of a number. By its bits: compilers take a conversion there and back for nothing.
 */
const OPERAND = {
  f32: 'fn operand(x: f32) -> f32 { return x; }\n',
  f16: `fn operand(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  return bitcast<f32>((bits + 0xfffu + ((bits >> 13u) & 1u)) & 0xffffe000u);
}
`,
} as const;

const MATRIX_DIRECTIVES = `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;
`;

/** The program as WGSL: declarations made from bindings and uniforms, globals, entry point. */
export function wgslOf(program: Program): string {
  const { bindings, uniforms: scalars = [], threads, tiles, subgroupMatrices = false, globals = '', body } = program;
  const buffers = bindings.map(({ name, type, access }, i) => {
    const mode = access === 'read' ? 'read' : 'read_write';
    return `@group(0) @binding(${i}) var<storage, ${mode}> ${name}: array<${type}>;`;
  });
  const struct =
    scalars.length === 0
      ? ''
      : `struct Uniforms {\n${scalars.map(({ name, type }) => `  ${name}: ${type},`).join('\n')}\n}
@group(0) @binding(${bindings.length}) var<uniform> u: Uniforms;`;
  const enabled = subgroupMatrices ? MATRIX_DIRECTIVES : tiles === 'f16' ? 'enable f16;\n' : '';
  const alias = tiles === undefined ? '' : `alias Tile = vec4<${tiles}>;\n${OPERAND[tiles]}`;
  return `${enabled}${alias}${buffers.join('\n')}
${struct}
${globals}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) workgroupId: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,${subgroupMatrices ? '\n  @builtin(subgroup_id) subgroup: u32,' : ''}
) {
  let group = workgroupId.x + workgroupId.y * workgroups.x;
${body}
}
`;
}

/** Packs scalars in the order of the declaration, four bytes each. */
export function packUniforms(declared: readonly Uniform[], values: Readonly<Record<string, number>>): ArrayBuffer {
  // A uniform struct occupies a multiple of 16 bytes.
  const bytes = new ArrayBuffer(Math.max(16, Math.ceil(declared.length / 4) * 16));
  const view = new DataView(bytes);
  for (const [i, { name, type }] of declared.entries()) {
    const value = values[name];
    if (value === undefined) throw new RangeError(`webgpu: expected a value for the uniform '${name}'; got none`);
    if (type === 'f32') view.setFloat32(i * 4, value, true);
    else if (type === 'i32') view.setInt32(i * 4, value, true);
    else view.setUint32(i * 4, value, true);
  }
  return bytes;
}

/** Lines with their numbers, as compilers count them. */
export function numbered(wgsl: string): string {
  const lines = wgsl.split('\n');
  const width = String(lines.length).length;
  return lines.map((line, i) => `${String(i + 1).padStart(width)}  ${line}`).join('\n');
}

/** Whether errors print the whole program: set the environment variable or global `SEQREC_WGSL`. */
function printsWgsl(): boolean {
  const global = globalThis as { SEQREC_WGSL?: unknown; process?: { env?: Record<string, string | undefined> } };
  return Boolean(global.SEQREC_WGSL ?? global.process?.env?.SEQREC_WGSL);
}

export function shaderError(program: Program, why: string): ShaderError {
  const hint = 'set SEQREC_WGSL=1 to print the numbered program';
  const text = printsWgsl() ? `the program of key '${program.key}':\n${numbered(wgslOf(program))}` : hint;
  return new ShaderError(
    `${program.op}: expected a WGSL program that the device compiles; got: ${why.trim()}; ${text}`,
  );
}

/** Workgroup counts of a flat grid: more than a dimension holds are wrapped, so programs must ignore a surplus. */
export function flatGrid(groups: number, limit: number): [number, number] {
  if (groups <= limit) return [groups, 1];
  const rows = Math.ceil(groups / limit);
  return [Math.ceil(groups / rows), rows];
}
