import { ConfigError } from '../../errors.ts';
import { dcnV2Peer } from './dcn-v2-peer.ts';
import { hstuRankerPeer } from './hstu-ranker-peer.ts';
import type { RowPeer } from './peer.ts';
import { transactPeer } from './transact-peer.ts';

/** By kind of model. */
const rowPeers: Readonly<Record<string, RowPeer>> = {
  'dcn-v2': dcnV2Peer,
  transact: transactPeer,
  'hstu-ranker': hstuRankerPeer,
};

/** @throws ConfigError for a model without a peer, and for what its peer does not have. */
export function rowPeerOf(config: { readonly kind: string }): RowPeer {
  const { kind } = config;
  const peer = Object.hasOwn(rowPeers, kind) ? rowPeers[kind] : undefined;
  if (peer === undefined)
    throw new ConfigError(`model: expected a kind that has a peer in PyTorch; got ${kind}`, 'leave --peer out');
  if (!peer.takes(config))
    throw new ConfigError(`model: expected ${peer.has}, which the peer has; got another ${kind}`, 'leave --peer out');
  return peer;
}
