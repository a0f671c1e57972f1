/** A table's bytes as lines: what is refused at once, and the lines that are decoded when they are asked for. */

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { verifies, type Key } from "./signature.js";

/** What decoded JSON is before it was looked at. */
export type Untrusted = any;
/** The check that a table did not pass (docs/table-format.md, "Loading"). */
export type Refusal = "no table" | "version" | "signature" | "digest" | "capability" | "revision" | "malformed";

/** The table cannot be used. */
export class TableError extends Error {
  override readonly name = "TableError";
  constructor(readonly refusal: Refusal, message: string) {
    super(message);
  }
}

/** `keys`: one of them must have signed the table, in `signature`, the text of TABLE.sig. `revision`: the smallest that is accepted. */
export interface Options {
  keys?: readonly Key[] | undefined;
  signature?: string | undefined;
  revision?: number | undefined;
}

/** What this loader has; `integer.big` is not among it, because a number here is a double. */
export const CAPABILITIES: ReadonlySet<string> = new Set([
  "approve", "context", "limit", "limit.sliding", "limit.step", "limit.sum", "limit.whole", "prints", "quantifier", "regex",
  "rules", "server",
]);
const LONGEST_FIRST_LINE = 999; // bytes
const LINE_FEED = 10;

export interface Header {
  policyc: string;
  revision: number;
  policies: string[];
  capabilities: string[];
  catalog: string | null;
  sources: { path: string; sha256: string }[];
  logic: string;
  tests: number;
  rules: number;
  bodies: number;
}

/** A table whose digest (and signature) holds, and whose capabilities this loader has. */
export class TableFile {
  readonly header: Header;
  readonly policies: Untrusted[];
  readonly paths: Untrusted[];
  readonly #lines: string[]; // from the header on; text, because bytes that are checked could still be changed by others
  readonly #rules: number;
  readonly #bodies: number;
  readonly #files: number;

  /** Throws TableError. */
  constructor(bytes: Uint8Array, options: Options = {}) {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = data.indexOf(LINE_FEED);
    checkFirstLine(data, end, options);
    const content = data.subarray(end + 1);
    const lines = content.toString("utf8").split("\n");
    this.#lines = lines;
    this.header = fitting(() => checkHeader(JSON.parse(lines[0]!)));
    const { tests, rules, bodies, capabilities, revision } = this.header;
    const lacking = capabilities.filter((name) => !CAPABILITIES.has(name));
    if (lacking.length) throw new TableError("capability", `the table needs ${lacking.join(", ")}, which this loader does not have`);
    if (revision < (options.revision ?? 0)) {
      throw new TableError("revision", `the table has revision ${revision}, which is older than ${options.revision}`);
    }
    if (lines.length !== 3 + tests + rules + bodies + 1 + rules + 1 || lines.at(-1) !== "") {
      throw malformed("it has more or fewer lines than its header says");
    }
    if (!isUtf8(content)) throw malformed("it is not UTF-8");
    this.#rules = 3 + tests;
    this.#bodies = this.#rules + rules;
    this.#files = this.#bodies + bodies;
    this.policies = fitting(() => list(JSON.parse(lines[1]!).policies));
    this.paths = fitting(() => list(JSON.parse(lines[2]!)));
  }

  /** A test, a rule, a body: what the line says, unchecked. Throws what JSON.parse throws, or TableError for a number that is not there. */
  test(number: Untrusted): Untrusted {
    return JSON.parse(this.#lines[3 + integer(number, 0, this.header.tests - 1)]!);
  }

  rule(number: Untrusted): Untrusted {
    return JSON.parse(this.#lines[this.#rules + integer(number, 0, this.header.rules - 1)]!);
  }

  body(number: Untrusted): Untrusted {
    return JSON.parse(this.#lines[this.#bodies + integer(number, 0, this.header.bodies - 1)]!);
  }

  /** Where a rule stands: `file:line`, or null. */
  place(rule: number): string | null {
    const place = JSON.parse(this.#lines[this.#files + 1 + rule]!);
    if (place === null) return null;
    const [file, line] = list(place, 5);
    const files = list(JSON.parse(this.#lines[this.#files]!).files);
    return `${text(files[integer(file, 0, files.length - 1)])}:${integer(line, 1)}`;
  }
}

function checkFirstLine(data: Buffer, end: number, options: Options): void {
  const line = data.subarray(0, Math.max(end, 0));
  const head = end > 0 && end <= LONGEST_FIRST_LINE ? parsed(line.toString("utf8")) : null;
  if (head?.format !== "policyc-table") throw new TableError("no table", "this is not a policyc decision table");
  if (head.version !== 1) {
    throw new TableError("version", `the table has format version ${JSON.stringify(head.version)}; this loader knows version 1`);
  }
  if (options.keys !== undefined && !verifies(line, options.signature, options.keys)) {
    throw new TableError("signature", "the table is not signed by any of the keys given");
  }
  if (head.sha256 !== createHash("sha256").update(data.subarray(end + 1)).digest("hex")) {
    throw new TableError("digest", "the table was changed or cut short: its content does not have the digest that it states");
  }
}

function parsed(line: string): Untrusted {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function checkHeader(header: Untrusted): Header {
  for (const name of ["revision", "tests", "rules", "bodies"]) integer(header[name], 0);
  for (const name of ["policies", "capabilities"]) list(header[name]).forEach(text);
  return header;
}

/** What a reading of untrusted JSON gives; whatever it throws becomes a TableError. */
export function fitting<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof TableError ? error : malformed(error instanceof Error ? error.message : "it is not JSON");
  }
}

/** The error for content that does not fit the format. */
export function malformed(why: string): TableError {
  return new TableError("malformed", `the table does not fit the format: ${why}`);
}

/** An integer between two others, both included. */
export function integer(value: Untrusted, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw malformed(`${JSON.stringify(value)} is not an integer from ${least} to ${most}`);
}

/** An array, of so many elements. */
export function list(value: Untrusted, length?: number): Untrusted[] {
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value;
  throw malformed(`${JSON.stringify(value)} is not a list${length === undefined ? "" : ` of ${length}`}`);
}

/** A string. */
export function text(value: Untrusted): string {
  if (typeof value === "string") return value;
  throw malformed(`${JSON.stringify(value)} is not a string`);
}

/** One of several values. */
export function member<T>(value: Untrusted, values: readonly T[]): T {
  if (values.includes(value)) return value;
  throw malformed(`${JSON.stringify(value)} is none of ${JSON.stringify(values)}`);
}
