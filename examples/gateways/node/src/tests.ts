/** The tests of a table as functions from an operand to a truth value (docs/table-format.md, "Tests"). */

import { integer, list, malformed, member, text, type Untrusted } from "./file.js";
import { globMatch, regexSearch, textSearch } from "./patterns.js";
import {
  ARRAY, BOOLEAN, MISSING, NULL, NUMBER, OBJECT, OTHER, STRING, compareText, element, follow, goText, kind, textLength,
  type JsonObject,
} from "./values.js";

/** Truth values; `NOT_JSON` is the answer for an operand that JSON does not have, and denies the call. */
export const FALSE = 0, UNDEFINED = 1, TRUE = 2, NOT_JSON = 3;
export type Operand = (value: unknown) => number;

/** Judges an operand that is neither missing nor null; null: its kind does not fit the test. */
type Judge = (value: any, kind: number) => boolean | number | null;

const TYPES = { boolean: BOOLEAN, number: NUMBER, string: STRING, array: ARRAY, object: OBJECT, null: NULL } as const;
const ORDERS: Record<string, (order: number) => boolean> = {
  "<": (o) => o < 0, "<=": (o) => o <= 0, ">": (o) => o > 0, ">=": (o) => o >= 0, "==": (o) => o === 0, "!=": (o) => o !== 0,
};

/** A line `[op, value, missing, mistyped, length, quantifier, inner]` as a function. Throws for one that does not fit the format. */
export function testOf(line: Untrusted): Operand {
  const [op, value, missing, mistyped, length, quantifier, inner] = list(line, 7);
  const none = integer(missing, FALSE, TRUE);
  const wrong = integer(mistyped, FALSE, TRUE);
  const test = single(text(op), value, none, wrong, member(length, [true, false]) as boolean);
  const steps = list(inner).map((step) => (step === null || typeof step === "string" ? step : integer(step, 0)));
  if (member(quantifier, [null, "every", "some"]) === null) return test;
  const total = op === "exists" || op === "is";
  return quantified(test, quantifier === "every", total ? FALSE : none, total ? FALSE : wrong, steps);
}

function quantified(test: Operand, every: boolean, none: number, wrong: number, inner: (string | number | null)[]): Operand {
  const cut = inner.indexOf(null);
  if (cut >= 0) test = quantified(test, every, none, wrong, inner.slice(cut + 1));
  const steps = (cut >= 0 ? inner.slice(0, cut) : inner) as (string | number)[];
  return (value) => {
    const found = kind(value);
    if (found === OTHER) return NOT_JSON;
    if (found !== ARRAY) return found <= NULL ? none : wrong;
    const array = value as unknown[];
    let result = every ? TRUE : FALSE;
    for (let i = 0; i < array.length; i++) {
      const truth = test(follow(element(array, i), steps));
      if (truth === NOT_JSON) return NOT_JSON;
      result = every ? Math.min(result, truth) : Math.max(result, truth);
    }
    return result;
  };
}

function single(op: string, value: Untrusted, missing: number, mistyped: number, length: boolean): Operand {
  if (op === "exists") return json((_, found) => found !== MISSING);
  if (op === "is") return isType(text(value));
  if (op === "prints") return prints(text(value), missing);
  const judge = op === "lookup" ? lookup(value) : length ? lengthJudge(judgeOf(op, value)) : judgeOf(op, value);
  return json((operand, found) => (found <= NULL ? missing : judge(operand, found) ?? mistyped));
}

/** A test that never sees what is not JSON. */
function json(test: (value: unknown, kind: number) => boolean | number): Operand {
  return (value) => {
    const found = kind(value);
    if (found === OTHER) return NOT_JSON;
    const result = test(value, found);
    return typeof result === "number" ? result : result ? TRUE : FALSE;
  };
}

function isType(name: string): Operand {
  if (name === "integer") return json((value) => Number.isInteger(value));
  const wanted = TYPES[member(name, Object.keys(TYPES)) as keyof typeof TYPES];
  return json((_, found) => found === wanted);
}

function prints(wanted: string, missing: number): Operand {
  return json((value, found) => {
    if (found === MISSING) return missing;
    const printed = goText(value);
    return printed === null ? NOT_JSON : printed === wanted;
  });
}

/** What the catalog says of each server, for a tool that several may have. */
function lookup(value: Untrusted): Judge {
  const known = new Map(list(value).map((pair) => {
    const [name, truth] = list(pair, 2);
    return [text(name), integer(truth, FALSE, TRUE)];
  }));
  return (operand) => known.get(operand) ?? UNDEFINED;
}

function lengthJudge(judge: Judge): Judge {
  return (value, found) => {
    if (found === STRING) return judge(textLength(value), NUMBER);
    if (found === ARRAY) return judge(value.length, NUMBER);
    return found === OBJECT ? judge(Object.keys(value as JsonObject).length, NUMBER) : null;
  };
}

function judgeOf(op: string, value: Untrusted): Judge {
  if (Object.hasOwn(ORDERS, op)) return comparison(ORDERS[op]!, scalar(value));
  switch (op) {
    case "in":
    case "not in": return membership(list(value).map(scalar), op === "in");
    case "like": return onText(globMatch(text(value)));
    case "matches": {
      const search = regexSearch(text(value));
      return (operand, found) => (found === STRING ? search(operand) ?? UNDEFINED : null);
    }
    case "starts_with":
    case "ends_with": return onText(textSearch(op, text(value)));
    case "contains": return containing(scalar(value));
    default: throw malformed(`there is no test ${op}`);
  }
}

type Scalar = boolean | number | string;

function scalar(value: Untrusted): Scalar {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw malformed("a test's value is a string, a number or a boolean");
}

function onText(judge: (text: string) => boolean): Judge {
  return (value, found) => (found === STRING ? judge(value) : null);
}

function comparison(holds: (order: number) => boolean, value: Scalar): Judge {
  const wanted = kind(value);
  if (typeof value === "string") return onText((operand) => holds(compareText(operand, value)));
  return (operand, found) => (found === wanted ? holds(operand < value ? -1 : operand > value ? 1 : 0) : null);
}

function membership(values: Scalar[], wanted: boolean): Judge {
  const known = new Set(values);
  const kinds = new Set(values.map(kind));
  return (value, found) => (kinds.has(found) ? known.has(value) === wanted : null);
}

function containing(value: Scalar): Judge {
  const search = typeof value === "string" ? textSearch("contains", value) : null;
  return (operand, found) => {
    if (found === ARRAY) return Array.from(operand, kind).every((k) => k !== MISSING && k !== OTHER) ? operand.includes(value) : NOT_JSON;
    return found === STRING && search !== null ? search(operand) : null;
  };
}
