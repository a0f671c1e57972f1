/** Patterns: RE2 for `matches`, plain string searches for globs. */

import { RE2JS } from "re2js";
import { isBoundary } from "./values.js";

/** Whether an RE2 pattern is found in a text; null for a text with a lone surrogate, where that is undefined. Throws for a bad pattern. */
export function regexSearch(pattern: string): (text: string) => boolean | null {
  if (!pattern.isWellFormed()) throw new SyntaxError("a pattern is Unicode text");
  const compiled = RE2JS.compile(pattern);
  return (text) => (text.isWellFormed() ? compiled.test(text) : null);
}

/** Whether a whole text fits a glob: `*` any run of code points, `?` exactly one, everything else itself. */
export function globMatch(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  if (pattern.includes("?") || !pattern.isWellFormed()) return globByCodePoints(parts.map((part) => [...part]));
  const first = parts[0]!;
  if (parts.length === 1) return (text) => text === first;
  const last = parts[parts.length - 1]!;
  const middle = parts.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
}

/** The same one code point at a time: the first part at the start, the last at the end, each other at its first place in between. */
function globByCodePoints(parts: string[][]): (text: string) => boolean {
  const first = parts[0]!;
  const last = parts[parts.length - 1]!;
  const fits = (text: string[], at: number, part: string[]): boolean => part.every((c, i) => c === "?" || c === text[at + i]);
  return (whole) => {
    const text = [...whole];
    if (parts.length === 1) return text.length === first.length && fits(text, 0, first);
    const end = text.length - last.length;
    if (end < first.length || !fits(text, 0, first) || !fits(text, end, last)) return false;
    let at = first.length;
    for (const part of parts.slice(1, -1)) {
      while (at + part.length <= end && !fits(text, at, part)) at++;
      if (at + part.length > end) return false;
      at += part.length;
    }
    return true;
  };
}

/** `startsWith`, `endsWith` and `includes` by code points: a part with half of a surrogate pair is not found in a whole one. */
export function textSearch(how: "starts_with" | "ends_with" | "contains", part: string): (text: string) => boolean {
  if (part.isWellFormed()) {
    if (how === "starts_with") return (text) => text.startsWith(part);
    if (how === "ends_with") return (text) => text.endsWith(part);
    return (text) => text.includes(part);
  }
  const stands = (text: string, at: number): boolean =>
    at >= 0 && text.startsWith(part, at) && isBoundary(text, at) && isBoundary(text, at + part.length);
  if (how === "starts_with") return (text) => stands(text, 0);
  if (how === "ends_with") return (text) => stands(text, text.length - part.length);
  return (text) => {
    let at = text.indexOf(part);
    while (at >= 0 && !stands(text, at)) at = text.indexOf(part, at + 1);
    return at >= 0;
  };
}
