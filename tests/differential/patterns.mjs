// Regular expressions. A pattern that needs backtracking (lookaround, backreferences) is one we refuse: the flag that
// holds it is listed as unsupported by the one who places it.

// prettier-ignore
const ecmascript = [
  "a", "^a", "a$", "^$", "", "^alice", "@example\\.com$", "^[a-z]+$", "^[A-Z]+$", "[^a-z]", "^\\d+$", "\\d{2,}",
  "^\\w+$", "\\W", "\\s", "^\\S*$", "\\bbob\\b", "\\B", "^.$", "^..$", "^.{4}$", "^[\\s\\S]$", "a|b", "^(?:a|b)+$",
  "(alice|bob)", "(?<who>alice)", "user-\\d", "^user-[1-3]$", "x{3}", "x{3,}?", "a{0}", "a{,3}", "a{1", "a{", "}",
  "]", "^[]$", "[^]", "^[^]*$", "[a-]", "[-a]", "[\\]]", "[\\d.]+", "[^\\d]", "[\\w-]+@", "\\x61", "\\u0061",
  "\\u00e9", "\\u{61}", "\\cJ", "\\0", "\\t", "\\n", "\\/", "a/b", "\\.", "\\-", "\\_", "ü", "[à-ÿ]", "🙂", "^🙂$",
  "[🙂]", "^(?:🙂)+$", "日", "\\ud83d\\ude42", "é|ï", "ß", "\\p{L}", "\\k", "\\8", "\\07", "\\101", "a*?b*", "(a*)*",
  "(a|ab)(c|bcd)*", "(?:)", "()", "a**", "*a", "+", "?", "(", ")", "[", "[z-a]", "a{2,1}", "\\", "(?<a>x)(?<a>y)",
  "(?P<a>x)", "(?i)alice", "(?<n", "(?", "[[:alpha:]]", "\\Aa", "a\\z", "\\Q.\\E", "^true$", "^null$", "object",
  "^-?\\d+(\\.\\d+)?$", "e\\+", "[\\b]", "\\cA", "[\\c]", "^(?:alice|bob)@(?:example|test)\\.com$", "line$", "^line",
  "i", "I", "k", "K", "s", "σ", "ς", "µ", "ı", "[^x]", "\\u017f", "[a-z]ſ",
]

/** Valid to ECMAScript, and beyond an automaton. */
// prettier-ignore
const backtracking = [
  "(?=a)", "(?!a)", "^(?!bob)", "(?<=a)b", "(?<!a)b", "(a)\\1", "^(.)\\1$", "(?<x>a)\\k<x>", "(?=.*\\d)(?=.*[a-z]).*",
  "a(?=b)",
]

// prettier-ignore
const re2 = [
  "a", "^a", "a$", "^$", "", "^alice", "@example\\.com$", "^[a-z]+$", "[^a-z]", "^\\d+$", "\\d{2,}", "^\\w+$", "\\W",
  "\\s", "^\\S*$", "\\bbob\\b", "^.$", "^..$", "^.{4}$", "a|b", "^(?:a|b)+$", "(alice|bob)", "(?P<who>alice)",
  "(?<who>alice)", "user-\\d", "^user-[1-3]$", "x{3}", "x{1000}", "x{1001}", "a{0}", "a{,3}", "[[:alpha:]]+",
  "[[:^alpha:]]", "[[:word:]]", "\\p{L}", "\\pL", "\\p{Greek}", "\\PL", "\\p{Lu}", "(?i)ALICE", "(?i:ALICE)@",
  "(?s).", "(?m)^line$", "(?U)a+", "(?-i)a", "\\Aa", "a\\z", "a\\Z", "\\Q.\\E", "\\C", "\\x61", "\\x{1F642}",
  "\\u0061", "🙂", "^🙂$", "[🙂]", "ü", "[à-ÿ]", "日", "ß", "(?i)ß", "(?i)k", "(?i)ſ", "(?i)σ", "σ", "İ", "(a*)*", "a**",
  "*a", "(", ")", "[", "]", "[z-a]", "\\", "\\8", "\\1", "(?=a)", "(?!a)", "(a)\\1", "\\0", "\\07", "\\t", "\\n",
  "\\.", "\\-", "\\/", "\\_", "\\é", "^-?\\d+(\\.\\d+)?$", "^$|^a", "line$", "(?m)line$", "()", "(?:)", "[a-]",
  "[^\\d]", "{", "a{", "a{1",
]

function atom(random, depth) {
  return random.choose(
    [5, () => random.pick(['a', 'b', 'e', 'o', 'l', 'x', 'i', '1', '0', '-', '@', '\\.', ' ', 'ü', '🙂', '日'])],
    [
      3,
      () =>
        random.pick([
          '.',
          '\\d',
          '\\w',
          '\\s',
          '\\D',
          '\\W',
          '\\S',
          '[a-z]',
          '[^a-z]',
          '[0-9.]',
          '[A-Za-z]',
          '[aeiou]',
        ]),
    ],
    [1, () => random.pick(['^', '$', '\\b', '\\B'])],
    [depth > 0 ? 2 : 0, () => random.pick(['(', '(?:']) + sequence(random, depth - 1) + ')'],
  )
}

function sequence(random, depth) {
  const one = () =>
    random
      .list(1, 3, () => {
        const what = atom(random, depth)
        // An assertion takes no quantifier in every dialect, so it gets none here.
        if (['^', '$', '\\b', '\\B'].includes(what) || random.chance(0.6)) return what
        return what + random.pick(['*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{0,1}?', '{2,}'])
      })
      .join('')
  return random.chance(0.2) ? `${one()}|${one()}` : one()
}

export const ecmascriptPattern = (random) => (random.chance(0.65) ? random.pick(ecmascript) : sequence(random, 2))
export const backtrackingPattern = (random) => random.pick(backtracking)
export const re2Pattern = (random) => (random.chance(0.65) ? random.pick(re2) : sequence(random, 2))
