import './jitless.ts';
import { SeqrecError, useBackend } from '@seqrec/core';
import { modelFromBytes } from '@seqrec/models';
import { CodeSession } from './code-session.ts';
import type { CallMessage, Calls, ReplyMessage } from './protocol.ts';
import { type Answering, Session } from './session.ts';

// The model runs here, so that no click waits for it: the page itself only draws.
let session: Answering | undefined;

function started(): Answering {
  if (session === undefined) throw new Error('worker: expected start to come first');
  return session;
}

const calls: Calls = {
  async start({ backend, threads }, weights, { latestTime, codes }) {
    const choice = await useBackend(backend, threads === undefined ? {} : { threads });
    const model = await modelFromBytes(weights, 'model.safetensors');
    const { kind, maxSequenceLength, similarity = 'cosine' } = model;
    session = codes === undefined ? new Session(model, latestTime) : new CodeSession(model, { codes, latestTime });
    // Compiles what has to be compiled.
    await session.answer([1], 1);
    await session.drop();
    return { choice, kind, similarity, maxEvents: codes?.maxEvents ?? maxSequenceLength, state: session.state };
  },
  answer: async (history, k) => started().answer(history, k),
  fullPass: async (history, k) => started().fullPass(history, k),
  check: async () => started().check(),
  drop: async () => started().drop(),
};

const reply = (message: ReplyMessage): void => postMessage(message);

addEventListener('message', async ({ data }: MessageEvent<CallMessage>) => {
  try {
    const call = calls[data.call] as (...args: readonly unknown[]) => Promise<unknown>;
    reply({ value: await call(...data.args) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply({ failed: { message, ...(error instanceof SeqrecError && { code: error.code }) } });
  }
});
reply({ listening: true });
