// What rollouts are led by, from the Worker's variables: `docs/rollout.md`.

/** @throws if a variable is not what it should be */
export function terms(env) {
  const number = (name, otherwise, least, most, isFit = () => true) => {
    const text = env[name]
    if (text === undefined || text === '') return otherwise
    const value = Number(text)
    if (!(value >= least && value <= most && isFit(value))) throw new Error(`\`${name}\` is a number from ${least} to ${most}, not \`${text}\``)
    return value
  }
  return {
    budget: number('FLAGSTONE_GUARD_BUDGET', 100, 1, 1e9),
    reaction: number('FLAGSTONE_GUARD_REACTION_SECONDS', 15, 0, 3_600),
    ceiling: number('FLAGSTONE_GUARD_CEILING', 1, 0, 1),
    adopt: number('FLAGSTONE_GUARD_ADOPT', 0, 0, 1, Number.isInteger) === 1,
  }
}
