/** JSON values as a call brings them: their kinds, the steps of a path, comparison and printing. */

/** A value's kind. `MISSING` is `undefined`, what a path gives that leads nowhere; `OTHER` is what JSON does not have. */
export const MISSING = 0, NULL = 1, BOOLEAN = 2, NUMBER = 3, STRING = 4, ARRAY = 5, OBJECT = 6, OTHER = 7;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: unknown };

/** Stands for a property or an element that is there and is `undefined`, which JSON does not have. */
const UNDEFINED = Symbol("undefined");

/** The kind of a value: instances of classes, NaN, infinities, BigInt, functions and symbols are `OTHER`. */
export function kind(value: unknown): number {
  switch (typeof value) {
    case "string": return STRING;
    case "number": return value - value === 0 ? NUMBER : OTHER;
    case "boolean": return BOOLEAN;
    case "undefined": return MISSING;
    case "object":
      if (value === null) return NULL;
      if (Array.isArray(value)) return Object.getPrototypeOf(value) === Array.prototype ? ARRAY : OTHER;
      return isObject(value) ? OBJECT : OTHER;
    default: return OTHER;
  }
}

/** Whether a value is an object as JSON has them: no array, and no instance of a class. */
export function isObject(value: unknown): value is JsonObject {
  if (typeof value !== "object" || value === null) return false;
  // Faster than getPrototypeOf, and true of nothing else: what JSON.parse gives under such a key is never Object.prototype itself.
  if ((value as { __proto__: unknown }).__proto__ === Object.prototype) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value of an object's own key. Nothing is inherited, whatever its prototype was given. */
export function own(object: JsonObject, key: string): unknown {
  if (!Object.hasOwn(object, key)) return undefined;
  const value = object[key];
  return value === undefined ? UNDEFINED : value;
}

/** The value at the end of a path, or `undefined`; a value that is not JSON ends the path where it stands. */
export function follow(value: unknown, steps: readonly (string | number)[]): unknown {
  for (const step of steps) {
    const at = kind(value);
    if (at === OBJECT && typeof step === "string") value = own(value as JsonObject, step);
    else if (at === ARRAY && typeof step === "number") value = element(value as unknown[], step);
    else return at === OTHER ? value : undefined;
  }
  return value;
}

/** An element of an array; a hole in it is not JSON. */
export function element(array: readonly unknown[], index: number): unknown {
  if (index >= array.length) return undefined;
  return array[index] === undefined ? UNDEFINED : array[index];
}

/** Below, at or above 0 as `a` is before, equal to or after `b` by code points; JavaScript's `<` goes by UTF-16 units. */
export function compareText(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === a.length && i === b.length) return 0;
  if (i > 0 && isHigh(a.charCodeAt(i - 1)) && (isLow(a.charCodeAt(i)) || isLow(b.charCodeAt(i)))) i--;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

/** The number of code points. */
export function textLength(text: string): number {
  let pairs = 0;
  for (let i = 1; i < text.length; i++) {
    if (isLow(text.charCodeAt(i)) && isHigh(text.charCodeAt(i - 1))) pairs++;
  }
  return text.length - pairs;
}

/** Whether a position is between two code points, and not inside of a surrogate pair. */
export function isBoundary(text: string, at: number): boolean {
  return !(isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1)));
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** What Go's `fmt.Sprint` prints for a decoded JSON value, and "0" for -0; null for a value with something in it that is not JSON. */
export function goText(value: unknown): string | null {
  switch (kind(value)) {
    case NULL: return "<nil>";
    case BOOLEAN: return String(value);
    case NUMBER: return goNumber(value as number);
    case STRING: return value as string;
    case ARRAY: {
      const items = Array.from(value as unknown[], goText);
      return items.includes(null) ? null : `[${items.join(" ")}]`;
    }
    case OBJECT: {
      const object = value as JsonObject;
      const items = Object.keys(object).sort(compareText).map((key) => [key, goText(object[key])] as const);
      return items.some(([, text]) => text === null) ? null : `map[${items.map((item) => item.join(":")).join(" ")}]`;
    }
    default: return null;
  }
}

/** Go's `%v`: the shortest digits, with an exponent below 10^-4 and from 10^6. */
function goNumber(x: number): string {
  const [digits, exponent] = x.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (x === 0 || (power >= -4 && power < 6)) return String(x);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
