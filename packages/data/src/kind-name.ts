/** Words of small letters and digits with `-`, `.` or `/` between them: what somebody may call a thing of theirs. */
const KIND_NAME = /^[a-z][a-z0-9]*(?:[-./][a-z0-9]+)*$/;

/** The rule of {@link isKindName}, for messages. */
export const KIND_NAME_IN_WORDS = 'words of small letters and digits with -, . or / between them';

/** Whether something is a name that a plug-in may give, such as `acme/gru`. */
export function isKindName(name: unknown): name is string {
  return typeof name === 'string' && KIND_NAME.test(name);
}
