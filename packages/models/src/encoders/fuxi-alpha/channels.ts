/** What gives the weights of the values: the distance, the time difference, or query and key. */
export type Channel = 'position' | 'time' | 'content';

/** The channels that a block may have, in the order of their columns. */
export const channelSets = [
  'position-time-content',
  'position-time',
  'position-content',
  'time-content',
  'position',
  'time',
  'content',
] as const;

export type ChannelSet = (typeof channelSets)[number];

/** The channels of a set, in the order of their columns. */
export function channelsOf(set: ChannelSet): readonly Channel[] {
  return set.split('-') as Channel[];
}
