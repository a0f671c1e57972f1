/** Nodes of a body, linked: they hold their children, and `run` goes from one to the next until a decision. */

import { integer, list, malformed, member, text, type Untrusted } from "./file.js";
import type { Limit } from "./limits.js";
import { globMatch, textSearch } from "./patterns.js";
import { BOOLEAN, OTHER, follow, isObject, kind, own, type JsonObject } from "./values.js";
import type { Operand } from "./tests.js";

/** The answer for one call; frozen, and shared by all calls that end at the same place. */
export interface Decision {
  readonly effect: "allow" | "deny" | "approve";
  /** The id of the rule that decided; null: the default did, or the call could not be decided. */
  readonly rule: string | null;
  readonly reason: string | null;
  /** Who is to approve. */
  readonly by: string | null;
  readonly severity: string | null;
  /** A denial that must look to the caller like a tool that does not exist. */
  readonly hidden: boolean;
  /** The rule's `file:line`. */
  readonly source: string | null;
  readonly policy: string | null;
  /** To be reserved, all or none, before the call is forwarded. */
  readonly limits: readonly Limit[];
}

export type Fetch = (args: JsonObject, context: JsonObject, server: unknown, tool: string) => unknown;
/** A path of the table. The most usual ones are one key, or two, of the arguments. */
export interface Path {
  readonly key: string | null;
  readonly deeper: string | null;
  readonly fetch: Fetch;
}

// One shape for all nodes, and small operations for the most usual of them, because that is what V8 is fast with.
const LEAF = 0, AT_MOST = 1, BELOW = 2, BETWEEN = 3, TEXT = 4, FITS = 5, TEST = 6, KIND = 7, BOOL = 8, RULES = 9;

/** A linked node. What stands in `yes`, `no` and `other` is by the operation. */
export class Node {
  key: string | null = null;
  deeper: string | null = null;
  fetch: Fetch | null = null;
  bound = 0;
  bounds: number[] = [];
  fits: ((text: string) => boolean) | null = null;
  texts: Map<string, Node> | null = null;
  test: Operand | null = null;
  children: Node[] = [];
  yes: Node = this;
  no: Node = this;
  other: Node = this;
  decision: Decision | null = null;
  constructor(readonly op: number) {}
}

/** The node that ends with a decision. */
export function leaf(decision: Decision): Node {
  const node = new Node(LEAF);
  node.decision = decision;
  return node;
}

/** The node that leaves the decision to a function; null where it met what is not JSON. */
export function ruleList(decide: Fetch): Node {
  const node = new Node(RULES);
  node.fetch = decide;
  return node;
}

/** A path of the pool. Throws for one that does not fit the format. */
export function pathOf(path: Untrusted): Path {
  const [root, ...given] = list(path);
  if (root === "call") {
    const server = member(list(given, 1)[0], ["server", "tool"]) === "server";
    return { key: null, deeper: null, fetch: (_args, _context, from, tool) => (server ? from ?? undefined : tool) };
  }
  const steps = given.map((step) => (typeof step === "string" ? step : integer(step, 0)));
  if (member(root, ["args", "context"]) === "context") {
    return { key: null, deeper: null, fetch: (_args, context) => follow(context, steps) };
  }
  const fetch: Fetch = (args) => follow(args, steps);
  const [key, deeper] = steps;
  const usual = typeof key === "string" && (steps.length === 1 || (steps.length === 2 && typeof deeper === "string"));
  return usual ? { key, deeper: (deeper as string | undefined) ?? null, fetch } : { key: null, deeper: null, fetch };
}

/** What linking a body needs: the table's paths and tests, and a child by its reference. */
export interface Pools {
  path(number: Untrusted): Path;
  test(number: Untrusted): { line: Untrusted[]; judge: Operand };
  child(reference: Untrusted): Node;
  refused: Node;
}

/** A node of a body. Throws for one that does not fit the format. */
export function link(line: Untrusted, pools: Pools): Node {
  const [form, path, ...rest] = list(line);
  const node = linked(form, rest, pools);
  const { key, deeper, fetch } = pools.path(path);
  node.key = key;
  node.deeper = deeper;
  node.fetch = fetch;
  return node;
}

function linked(form: Untrusted, rest: Untrusted[], pools: Pools): Node {
  switch (form) {
    case "k": {
      const [missing, null_, no, yes, ...others] = list(rest, 8).map(pools.child);
      const node = new Node(KIND);
      node.children = [missing!, null_!, pools.refused, ...others, pools.refused];
      return branches(node, yes!, no!, pools.refused);
    }
    case "b": {
      const [no, yes, other] = list(rest, 3).map(pools.child);
      return branches(new Node(BOOL), yes!, no!, other!);
    }
    case "n": return numbers(rest, pools);
    case "s": {
      const [constants, others, other] = list(rest, 3);
      const node = new Node(TEXT);
      node.texts = new Map(list(constants).map((pair) => [text(list(pair, 2)[0]), pools.child(pair[1])]));
      return branches(node, pools.refused, pools.child(others), pools.child(other));
    }
    case "t": return tested(rest, pools);
    default: throw malformed("there is no such node");
  }
}

function branches(node: Node, yes: Node, no: Node, other: Node): Node {
  node.yes = yes;
  node.no = no;
  node.other = other;
  return node;
}

function numbers(rest: Untrusted[], pools: Pools): Node {
  const [given, references, other] = list(rest, 3);
  const bounds = list(given);
  const children = list(references, 2 * bounds.length + 1).map(pools.child);
  if (!bounds.every((b, i) => typeof b === "number" && (i === 0 || bounds[i - 1] < b))) throw malformed("bounds ascend");
  const [below, at, above] = children;
  const one = bounds.length === 1;
  const node = new Node(one && below === at ? AT_MOST : one && at === above ? BELOW : BETWEEN);
  node.bound = bounds[0] ?? 0;
  node.bounds = bounds;
  node.children = children;
  return branches(node, below!, above ?? below!, pools.child(other));
}

function tested(rest: Untrusted[], pools: Pools): Node {
  const [number, ...references] = list(rest, 4);
  const [no, other, yes] = references.map(pools.child) as [Node, Node, Node];
  const { line: [op, value, missing, mistyped, length, quantifier], judge } = pools.test(number);
  const fits = quantifier === null && !length && missing === 1 && mistyped === 1 ? textTest(op, value) : null;
  const node = new Node(fits === null ? TEST : FITS);
  node.fits = fits;
  node.test = judge;
  node.children = [no, other, yes, pools.refused];
  return branches(node, yes, no, other);
}

/** A test of text alone, undefined for anything else: without the detour over truth values. */
function textTest(op: string, value: string): ((text: string) => boolean) | null {
  if (op === "like") return globMatch(value);
  return op === "starts_with" || op === "ends_with" ? textSearch(op, value) : null;
}

/** The decision that a body comes to; null where it met a value that is not JSON. */
export function run(node: Node, args: JsonObject, context: JsonObject, server: unknown, tool: string): Decision | null {
  for (;;) {
    if (node.op === LEAF) return node.decision;
    let v: unknown;
    if (node.key !== null) {
      v = own(args, node.key);
      if (node.deeper !== null) v = isObject(v) ? own(v, node.deeper) : kind(v) === OTHER ? v : undefined;
    } else {
      v = node.fetch!(args, context, server, tool);
    }
    switch (node.op) {
      case AT_MOST: {
        if (typeof v === "number" && v - v === 0) node = v <= node.bound ? node.yes : node.no;
        else if (kind(v) === OTHER) return null;
        else node = node.other;
        break;
      }
      case TEXT: {
        if (typeof v === "string") node = node.texts!.get(v) ?? node.no;
        else if (kind(v) === OTHER) return null;
        else node = node.other;
        break;
      }
      case FITS: {
        if (typeof v === "string") node = node.fits!(v) ? node.yes : node.no;
        else if (kind(v) === OTHER) return null;
        else node = node.other;
        break;
      }
      case TEST: {
        node = node.children[node.test!(v)]!;
        break;
      }
      case BELOW: {
        if (typeof v === "number" && v - v === 0) node = v < node.bound ? node.yes : node.no;
        else if (kind(v) === OTHER) return null;
        else node = node.other;
        break;
      }
      case KIND: {
        const found = kind(v);
        node = found === BOOLEAN ? (v ? node.yes : node.no) : node.children[found]!;
        break;
      }
      case BOOL: {
        if (v === true) node = node.yes;
        else if (v === false) node = node.no;
        else if (kind(v) === OTHER) return null;
        else node = node.other;
        break;
      }
      case BETWEEN: {
        if (typeof v === "number" && v - v === 0) node = node.children[between(node.bounds, v)]!;
        else if (kind(v) === OTHER) return null;
        else node = node.other;
        break;
      }
      default: return v as Decision | null; // RULES
    }
  }
}

/** 2i + 1 for a number that is bound i, 2i for one with i bounds below it. */
function between(bounds: number[], value: number): number {
  let low = 0, high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return bounds[low] === value ? 2 * low + 1 : 2 * low;
}
