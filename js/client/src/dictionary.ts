/** An Item as far as flags need it: Byte Sequences and Dates are read, and stand for nothing. */
export type Item = string | number | boolean | undefined;

/** A Dictionary's members that are Items, with their parameters. */
export type Dictionary = Map<string, [value: Item, parameters: Map<string, Item>]>;

const KEY = /[a-z*][a-z\d_\-.*]*/y;

// Decimal and Integer, String, Token, Boolean, Byte Sequence, Date, Display String. A number that is too long leaves
// digits behind, and those are the syntax error.
const ITEM =
  /(-?(?:\d{1,12}\.\d{1,3}|\d{1,15}))|"((?:[ !#-[\]-~]|\\["\\])*)"|([a-z*][\w!#$%&'*+\-.^`|~:/]*)|\?([01])|:[a-z\d+/]*=*:|@-?\d{1,15}|%"((?:[ !#$&-~]|%[\da-f]{2})*)"/iy;

/**
 * Reads a Dictionary of RFC 9651. Of members with one key the last counts; Inner Lists are passed over.
 *
 * @throws When the text is not a Dictionary: then nothing of it counts.
 */
export function parseDictionary(text: string): Dictionary {
  const dictionary: Dictionary = new Map();
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) throw SyntaxError(`no Dictionary: ${text}`);
    at = pattern.lastIndex;
    return found;
  };
  const skip = (character: string): boolean => text[at] === character && !!++at;

  const item = (): Item => {
    const [all, number, string, token, boolean, display] = take(ITEM);
    // The pattern takes capitals everywhere, because of Tokens; escapes must not have any.
    if (display !== undefined) {
      if (/%(?![\da-f]{2})/.test(display)) throw SyntaxError(all);
      return decodeURIComponent(display);
    }
    return number ? +number : (string?.replace(/\\(.)/g, '$1') ?? token ?? (boolean ? boolean > '0' : undefined));
  };
  const parameters = (): Map<string, Item> => {
    const found: Map<string, Item> = new Map();
    while (skip(';')) {
      take(/ */y);
      found.set(take(KEY)[0], skip('=') ? item() : true);
    }
    return found;
  };

  take(/ */y);
  while (at < text.length) {
    const key = take(KEY)[0];
    let value: Item = true;
    if (skip('=')) {
      if (skip('(')) {
        value = undefined;
        while ((take(/ */y), !skip(')'))) {
          item();
          parameters();
          take(/(?=[ )])/y);
        }
      } else {
        value = item();
      }
    }
    dictionary.set(key, [value, parameters()]);
    take(/[ \t]*/y);
    if (at < text.length) {
      take(/,[ \t]*(?!$)/y);
    }
  }
  return dictionary;
}
