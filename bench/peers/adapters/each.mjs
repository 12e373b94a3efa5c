/** All flags of a user, for engines that have no call of their own for that. */
export const each = (evaluate) => (engine, user, keys) => {
  let on = 0;
  for (const key of keys) if (evaluate(engine, key, user)) on++;
  return on;
};
