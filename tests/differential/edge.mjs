// What requests say of a service's contexts: the edge decides by a snapshot of the same definitions, and nodes have no service's
// way to answer around it. Undefined for a context that no request can have.

const isText = (value) => typeof value === 'string' && value !== ''
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)
/** Nobody, or text. */
const isKey = (key) => key == null || isText(key)
const hasList = (value) => Array.isArray(value) || (isObject(value) && Object.values(value).some(hasList))

/** Names of Unleash's context; properties that are named so are apart. */
const FIELDS = ['userId', 'sessionId', 'remoteAddress', 'environment', 'appName', 'currentTime']

const contexts = {
  launchdarkly(context) {
    const { kind, ...rest } = context
    const kinds = { multi: rest, user: { user: rest } }[kind]
    // Without a user nobody is asked by a request; to the SDK nothing lies in a list.
    if (!isObject(kinds?.user) || !isText(kinds.user.key) || hasList(kinds)) return undefined
    const { key, anonymous, ...user } = kinds.user
    // Who is not anonymous need not say so.
    return { targetingKey: key, ...kinds, user: { ...user, ...(anonymous && { anonymous: true }) }, kind: Object.keys(kinds) }
  },
  split({ key, bucketingKey, attributes = {} }) {
    const isUsable = (key) => isText(key) && key.trim() === key && key.length <= 250
    // To the SDK an attribute that is null is there.
    if (!isUsable(key) || !isObject(attributes) || Object.values(attributes).includes(null)) return undefined
    if (bucketingKey !== undefined && !isUsable(bucketingKey)) return undefined
    return { targetingKey: key, user: { ...attributes, bucketingKey } }
  },
  unleash({ userId, remoteAddress, currentTime, featureToggle, properties = {}, ...rest }) {
    // The moment and the flag are the request's own; which of two names of one visitor counts is the SDK's affair.
    if (currentTime !== undefined || featureToggle !== undefined || !isKey(userId) || !isObject(properties)) return undefined
    if (isText(userId) && 'userId' in properties) return undefined
    const apart = {}
    const user = {}
    for (const [name, value] of Object.entries(properties)) (FIELDS.includes(name) ? apart : user)[name] = value
    for (const [name, value] of Object.entries(rest)) if (value !== null) user[name] = value
    return { targetingKey: userId, user: { ...user, properties: apart }, client: { ip: remoteAddress }, request: { random: '1' } }
  },
  flagd(context) {
    // What is in a `user` of its own cannot be told from what is beside it, and what is null is missing.
    const { targetingKey, ...rest } = context
    return isKey(targetingKey) && !('user' in rest) && !Object.values(rest).includes(null) ? context : undefined
  },
  growthbook({ attributes, ...rest }) {
    if (!isObject(attributes) || Object.keys(rest).length > 0 || !isKey(attributes.id)) return undefined
    const { id, ...user } = attributes
    return { targetingKey: id, user }
  },
}

/** A request as the edge could have it, of a flag of these definitions; undefined if it could not. */
export function atEdge(service, { flag, context, now }, definitions) {
  // The keys of Split's flags have no blanks around them.
  if (!isObject(context) || flag.trim() !== flag) return undefined
  // What flagd adds to a context is not there as a whole.
  if (service === 'flagd' && JSON.stringify(definitions.flags?.[flag])?.includes('"$flagd"')) return undefined
  const known = contexts[service](context)
  return known && { flag, context: known, now }
}
