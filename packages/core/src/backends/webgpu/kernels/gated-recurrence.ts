import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GatedRecurrence, type GatedRecurrenceAttrs, GatedRecurrenceGrad } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';
import { SIGMOID } from './wgsl.ts';

/** Sequences of a workgroup, which takes them through all steps; its threads are units of the state. */
const ROWS = 4;
/** Numbers a sequence that lie in workgroup memory at a time: 8 KiB. */
const CHUNK = 512;

/** Units in threads; wider states take several rounds. */
function threadsFor(width: number): number {
  return width <= 64 ? 64 : width <= 128 ? 128 : 256;
}

/** Products of a step read the weights by rows of the input: neighbouring threads, neighbouring numbers. */
const transpose: Program = {
  op: GatedRecurrence,
  key: 'transpose',
  bindings: bind('weight', 'transposed!'),
  uniforms: uniforms('rows', 'columns'),
  threads: FLAT_THREADS,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i >= u.rows * u.columns) { return; }
  transposed[i] = weight[(i % u.rows) * u.columns + i / u.rows];`,
};

/** `tanh` by an exponential that may overflow: the result is then 1 or -1, as it should. */
const TANH = `
fn tanh4(x: vec4<f32>) -> vec4<f32> { return 1.0 - 2.0 / (exp(2.0 * x) + 1.0); }
`;

/** Rows of a step from the first that this workgroup has: `alive` of its four go on. */
const STEP = `
    let row = u32(starts[step]) + own;
    let alive = min(${ROWS}u, u32(starts[step + 1u]) - row);`;

/**
 * `held`: numbers `chunk ..` of the four rows from `row`, of `width` each, zero where a row is not alive. Opens the
 * loop over chunks and the one over `d` inside it; {@link END_CHUNKS} closes both.
 */
function forChunks(threads: number, buffer: string, row: string, width: string): string {
  return `
        for (var chunk = 0u; chunk < ${width}; chunk += ${CHUNK}u) {
          let depth = min(${CHUNK}u, ${width} - chunk);
          workgroupBarrier();
          for (var e = lane; e < depth; e += ${threads}u) {
            var value = vec4<f32>();
            for (var r = 0u; r < alive; r++) { value[r] = ${buffer}[(${row} + r) * ${width} + chunk + e]; }
            held[e] = value;
          }
          workgroupBarrier();
          if (c < u.width) {
            for (var e = 0u; e < depth; e++) {
              let d = chunk + e;`;
}
const END_CHUNKS = `
            }
          }
        }`;

/** `before`: the four states of unit `c` that this step began with. */
const BEFORE = `
          var before = vec4<f32>();
          if (step > 0u) {
            for (var r = 0u; r < alive; r++) { before[r] = states[(previous + r) * u.width + c]; }
          }`;

function forward(threads: number): Program {
  const gates = ['reset', 'update', 'inner'];
  return {
    op: GatedRecurrence,
    key: `forward, ${threads} threads`,
    bindings: bind('x', 'weight', 'bias', 'starts: i32', 'states!', 'gates!'),
    uniforms: uniforms('steps', 'width'),
    threads,
    globals: `var<workgroup> held: array<vec4<f32>, ${CHUNK}>;${SIGMOID}${TANH}`,
    body: `
  let own = group * ${ROWS}u;
  for (var step = 0u; step < u.steps && u32(starts[step]) + own < u32(starts[step + 1u]); step++) {${STEP}
    let previous = select(0u, u32(starts[max(step, 1u) - 1u]) + own, step > 0u);
    for (var base = 0u; base < u.width; base += ${threads}u) {
      let c = base + lane;
      ${gates.map((gate) => `var ${gate} = vec4<f32>();`).join(' ')}
      if (step > 0u) {${forChunks(threads, 'states', 'previous', 'u.width')}
              let at = d * 3u * u.width + c;
              ${gates.map((gate, i) => `${gate} += held[e] * weight[at + ${i}u * u.width];`).join('\n              ')}${END_CHUNKS}
      }
      if (c < u.width) {
          var fromX: array<vec4<f32>, 3>;
          for (var gate = 0u; gate < 3u; gate++) {
            for (var r = 0u; r < alive; r++) { fromX[gate][r] = x[((row + r) * 3u + gate) * u.width + c]; }
          }
          let z = sigmoid4(fromX[1] + update + bias[u.width + c]);
          let q = sigmoid4(fromX[0] + reset + bias[c]);
          let a = inner + bias[2u * u.width + c];
          let n = tanh4(fromX[2] + q * a);${BEFORE}
          let after = n + z * (before - n);
          for (var r = 0u; r < alive; r++) {
            let at = (row + r) * u.width + c;
            states[at] = after[r];
            let gate = (row + r) * 4u * u.width + c;
            gates[gate] = q[r];
            gates[gate + u.width] = z[r];
            gates[gate + 2u * u.width] = n[r];
            gates[gate + 3u * u.width] = a[r];
          }
      }
    }
    // What this workgroup wrote is what it reads in the next step.
    storageBarrier();
    workgroupBarrier();
  }`,
  };
}

/** From the last step to the first; `carry` is what a step gives the one before, for each sequence. */
function backward(threads: number): Program {
  return {
    op: GatedRecurrenceGrad,
    key: `${threads} threads`,
    bindings: bind('weight', 'states', 'gates', 'dy', 'starts: i32', 'dx!', 'dInner!', 'carry!'),
    uniforms: uniforms('steps', 'width'),
    threads,
    globals: `var<workgroup> held: array<vec4<f32>, ${CHUNK}>;
`,
    body: `
  let own = group * ${ROWS}u;
  // Steps that a workgroup has are the first ones: it begins with the last of them.
  var low = 0u;
  var high = u.steps;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (u32(starts[middle]) + own < u32(starts[middle + 1u])) { low = middle + 1u; } else { high = middle; }
  }
  for (var done = 0u; done < low; done++) {
    let step = low - 1u - done;${STEP}
    let previous = select(0u, u32(starts[max(step, 1u) - 1u]) + own, step > 0u);
    // Rows that went on after this step have something carried back to them.
    var continued = 0u;
    if (done > 0u) { continued = min(${ROWS}u, u32(starts[step + 2u]) - u32(starts[step + 1u]) - own); }
    for (var c = lane; c < u.width; c += ${threads}u) {
          var change = vec4<f32>();
          for (var r = 0u; r < alive; r++) { change[r] = dy[(row + r) * u.width + c]; }
          for (var r = 0u; r < continued; r++) { change[r] += carry[(own + r) * u.width + c]; }
          var gate: array<vec4<f32>, 4>;
          for (var i = 0u; i < 4u; i++) {
            for (var r = 0u; r < alive; r++) { gate[i][r] = gates[((row + r) * 4u + i) * u.width + c]; }
          }
          let reset = gate[0];
          let update = gate[1];
          let candidate = gate[2];${BEFORE}
          let dCandidate = change * (1.0 - update) * (1.0 - candidate * candidate);
          let dUpdate = change * (before - candidate) * update * (1.0 - update);
          let dReset = dCandidate * gate[3] * reset * (1.0 - reset);
          let through = dCandidate * reset;
          let kept = change * update;
          for (var r = 0u; r < alive; r++) {
            let at = (row + r) * 3u * u.width + c;
            dx[at] = dReset[r];
            dInner[at] = dReset[r];
            dx[at + u.width] = dUpdate[r];
            dInner[at + u.width] = dUpdate[r];
            dx[at + 2u * u.width] = dCandidate[r];
            dInner[at + 2u * u.width] = through[r];
            carry[(own + r) * u.width + c] = kept[r];
          }
    }
    storageBarrier();
    workgroupBarrier();
    if (step > 0u) {
      let wide = 3u * u.width;
      for (var base = 0u; base < u.width; base += ${threads}u) {
        let c = base + lane;
        var sum = vec4<f32>();${forChunks(threads, 'dInner', 'row', 'wide')}
              sum += held[e] * weight[d * u.width + c];${END_CHUNKS}
        if (c < u.width) {
          for (var r = 0u; r < alive; r++) { carry[(own + r) * u.width + c] += sum[r]; }
        }
      }
    }
  }`,
  };
}

/** First row of each step, and the number of rows. */
function startsOf(sizes: readonly number[]): Int32Array {
  const starts = new Int32Array(sizes.length + 1);
  for (const [s, size] of sizes.entries()) starts[s + 1] = starts[s] + size;
  return starts;
}

/**
 * The recurrence in one dispatch each way: sequences do not meet, so a workgroup takes four of them through all of
 * their steps. Those that go on from given states are left to the composed kernel. Operands stay in float32 in half
 * precision too: errors would add up from step to step.
 */
export function registerGatedRecurrence(name: string): void {
  override<GatedRecurrenceAttrs>(name, GatedRecurrence, ({ x, weight, bias, initial }, backend, { sizes }) => {
    if (sizeOf(initial) > 0) return undefined;
    const [rows, width] = weight.shape;
    const tokens = x.shape[0];
    const [states, gates] = [backend.output([tokens, width]), backend.output([tokens, 4 * width])];
    if (sizeOf(states) === 0) return [states, gates];
    const starts = backend.makeTensorInfo([sizes.length + 1], 'int32', startsOf(sizes));
    backend.withScratch([rows * width], (transposed) => {
      const shape = { rows, columns: width };
      backend.dispatch(transpose, { tensors: [weight, transposed], uniforms: shape, groups: flatGroups(rows * width) });
      backend.dispatch(forward(threadsFor(width)), {
        tensors: [x, transposed, bias, starts, states, gates],
        uniforms: { steps: sizes.length, width },
        groups: Math.ceil(sizes[0] / ROWS),
      });
    });
    backend.disposeData(starts.dataId);
    return [states, gates];
  });
  override<GatedRecurrenceAttrs>(name, GatedRecurrenceGrad, ({ weight, states, gates, dy }, backend, { sizes }) => {
    const [rows, width] = weight.shape;
    const shape = [states.shape[0], rows];
    const [dx, dInner]: TensorInfo[] = [backend.output(shape), backend.output(shape)];
    if (sizeOf(dx) === 0) return [dx, dInner];
    const starts = backend.makeTensorInfo([sizes.length + 1], 'int32', startsOf(sizes));
    backend.withScratch([sizes[0] * width], (carry) => {
      backend.dispatch(backward(threadsFor(width)), {
        tensors: [weight, states, gates, dy, starts, dx, dInner, carry],
        uniforms: { steps: sizes.length, width },
        groups: Math.ceil(sizes[0] / ROWS),
      });
    });
    backend.disposeData(starts.dataId);
    return [dx, dInner];
  });
}
