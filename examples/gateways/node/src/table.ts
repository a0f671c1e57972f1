/** Loading a decision table and deciding calls with it. */

import { existsSync, readFileSync } from "node:fs";
import {
  TableError, TableFile, fitting, integer, list, malformed, member, text, type Header, type Options, type Untrusted,
} from "./file.js";
import { limitOf, type Limit } from "./limits.js";
import { leaf, link, pathOf, ruleList, run, type Decision, type Node, type Path, type Pools } from "./nodes.js";
import { rulesOf } from "./rules.js";
import { testOf, type Operand } from "./tests.js";
import { isObject } from "./values.js";

/** `server`: the name of the tool's server. `policy`: may be left out where the table has one. */
export interface Where {
  server?: string | null | undefined;
  policy?: string | null | undefined;
}

const NO_OBJECT = Object.freeze({});
const NOWHERE: Where = {};
const NOT_JSON = "an argument or a part of the context is not JSON";
const NO_AMOUNT = "the amount that this limit adds up is missing or not a number";

/** A loaded table. It does not change: to reload, load another and use it from then on. */
export class Table {
  readonly header: Header;
  readonly #policies: Map<string, Policy>;
  readonly #only: Policy | undefined;

  /** Throws TableError for bytes that are not a whole, unchanged table that this loader can honour. */
  constructor(bytes: Uint8Array, options?: Options) {
    const file = new TableFile(bytes, options);
    this.header = file.header;
    this.#policies = fitting(() => {
      const pool = new Pool(file);
      return new Map(file.policies.map((entry) => [text(entry.name), new Policy(pool, entry)]));
    });
    const names = [...this.#policies.keys()];
    if (names.length !== file.policies.length || JSON.stringify(names) !== JSON.stringify(this.header.policies)) {
      throw malformed("its header and its index do not name the same policies, each once");
    }
    this.#only = names.length === 1 ? this.#policies.get(names[0]!) : undefined;
  }

  /** Reads a table, and with `keys` its signature from `path` + ".sig". Throws TableError, and what readFileSync throws. */
  static load(path: string, options: Options = {}): Table {
    const bytes = readFileSync(path);
    if (options.keys === undefined || options.signature !== undefined) return new Table(bytes, options);
    const beside = `${path}.sig`;
    return new Table(bytes, { ...options, signature: existsSync(beside) ? readFileSync(beside, "utf8") : undefined });
  }

  /** Decides one call. Never throws: what cannot be decided is denied, with the reason. */
  decide(tool: string, args?: unknown, context?: unknown, where: Where = NOWHERE): Decision {
    let policy: Policy | undefined;
    try {
      policy = this.#policy(where);
      if (policy === undefined) return refusal(null, `no policy is named that the table has: ${this.header.policies.join(", ")}`);
      if (typeof tool !== "string") return refusal(policy.name, "the tool's name is not text");
      const given = args ?? NO_OBJECT;
      const around = context ?? NO_OBJECT;
      if (!isObject(given) || !isObject(around)) return policy.notJson;
      return run(policy.callRoot(tool), given, around, where.server, tool) ?? policy.notJson;
    } catch (error) {
      return refusal(policy?.name ?? null, error instanceof TableError ? error.message : "the call could not be decided");
    }
  }

  /** Those of the tools that tools/list may show, in the order given. Never throws: what cannot be decided is not shown. */
  visible(tools: Iterable<string>, where: Where = NOWHERE): string[] {
    return [...tools].filter((tool) => {
      try {
        const root = this.#policy(where)?.listRoot(tool);
        const decision = root && run(root, NO_OBJECT, NO_OBJECT, where.server, tool);
        return typeof tool === "string" && decision != null && decision.effect !== "deny";
      } catch {
        return false;
      }
    });
  }

  #policy(where: Where): Policy | undefined {
    return where.policy == null ? this.#only : this.#policies.get(where.policy);
  }
}

/** A denial without a rule. */
function refusal(policy: string | null, reason: string): Decision {
  return decision("deny", policy, [], { reason });
}

type Told = Partial<Pick<Decision, "rule" | "reason" | "by" | "severity" | "hidden" | "source">>;

function decision(effect: Decision["effect"], policy: string | null, limits: readonly Limit[], told: Told): Decision {
  const { rule = null, reason = null, by = null, severity = null, hidden = false, source = null } = told;
  return Object.freeze({ effect, rule, reason, by, severity, hidden, source, policy, limits: Object.freeze(limits) });
}

/** The paths and tests that all policies of a table share; tests are decoded when first asked for. */
class Pool {
  readonly #paths: Path[];
  readonly #tests = new Map<number, { line: Untrusted[]; judge: Operand }>();

  constructor(readonly file: TableFile) {
    this.#paths = file.paths.map(pathOf);
  }

  path(number: Untrusted): Path {
    return this.#paths[integer(number, 0, this.#paths.length - 1)]!;
  }

  test(number: Untrusted): { line: Untrusted[]; judge: Operand } {
    let known = this.#tests.get(number);
    if (known === undefined) {
      const line = this.file.test(number);
      this.#tests.set(number, (known = { line, judge: testOf(line) }));
    }
    return known;
  }
}

/** One policy: its bodies, linked when first asked for. */
class Policy {
  readonly name: string;
  /** The decision on a call with a value that JSON does not have. */
  readonly notJson: Decision;
  readonly #refused: Node;
  readonly #call: Record<string, number>;
  readonly #list: Record<string, number>;
  readonly #callOther: number;
  readonly #listOther: number;
  readonly #first: number;
  readonly #end: number;
  readonly #roots = new Map<string, Node>();
  readonly #bodies = new Map<number, Node>();
  readonly #told = new Map<number, Told>();
  readonly #limits = new Map<number, Limit>();

  constructor(readonly pool: Pool, entry: Untrusted) {
    const { bodies, rules } = pool.file.header;
    this.name = text(entry.name);
    this.notJson = refusal(this.name, NOT_JSON);
    this.#refused = leaf(this.notJson);
    this.#call = bodyNumbers(entry.call, bodies);
    this.#list = bodyNumbers(entry.list, bodies);
    this.#callOther = integer(entry.call_other, 0, bodies - 1);
    this.#listOther = integer(entry.list_other, 0, bodies - 1);
    const [first, end] = list(entry.rules, 2);
    this.#end = integer(end, 0, rules);
    this.#first = integer(first, 0, this.#end);
  }

  callRoot(tool: string): Node {
    const known = this.#roots.get(tool);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#call, tool)) return this.#body(this.#callOther); // not kept: there is no end of other names
    const root = this.#body(this.#call[tool]!);
    this.#roots.set(tool, root);
    return root;
  }

  listRoot(tool: string): Node {
    return this.#body(Object.hasOwn(this.#list, tool) ? this.#list[tool]! : this.#listOther);
  }

  #body(number: number): Node {
    let known = this.#bodies.get(number);
    if (known === undefined) {
      known = fitting(() => this.#link(this.pool.file.body(number)));
      this.#bodies.set(number, known);
    }
    return known;
  }

  #link(body: Untrusted): Node {
    const nodes: Node[] = [];
    const leaves: Node[] = [];
    const pools: Pools = {
      path: (number) => this.pool.path(number),
      test: (number) => this.pool.test(number),
      child: (reference) => {
        if (reference === null) return this.#refused;
        integer(reference, -leaves.length, nodes.length - 1);
        return reference >= 0 ? nodes[reference]! : leaves[-1 - reference]!;
      },
      refused: this.#refused,
    };
    const outcome = (effect: Untrusted, rule: Untrusted, limits: Untrusted): Decision => this.#decision(effect, rule, limits);
    if (!Array.isArray(body)) return ruleList(rulesOf(body, pools, outcome));
    const [outcomes, root, ...lines] = body;
    for (const line of list(outcomes)) {
      const [effect, rule, limits] = list(line, 3);
      leaves.push(leaf(outcome(effect, rule, limits)));
    }
    for (const line of lines) nodes.push(link(line, pools));
    return pools.child(root);
  }

  #decision(effect: Untrusted, rule: Untrusted, limits: Untrusted): Decision {
    const known = member(effect, ["allow", "deny", "approve"] as const);
    return decision(known, this.name, list(limits).map((number) => this.#limit(number)), rule === -1 ? {} : this.#tell(rule));
  }

  /** What a decision tells of its rule. */
  #tell(number: Untrusted): Told {
    let known = this.#told.get(number);
    if (known === undefined) {
      const [id, how, reason, by, severity] = list(this.#rule(number), 6);
      known = {
        rule: text(id),
        reason: how === "limit" ? textOrNull(reason) || NO_AMOUNT : textOrNull(reason),
        by: textOrNull(by),
        severity: textOrNull(severity),
        hidden: member(how, ["hide", "deny", "require", "allow", "approve", "limit"]) === "hide",
        source: this.pool.file.place(number),
      };
      this.#told.set(number, known);
    }
    return known;
  }

  #rule(number: Untrusted): Untrusted {
    return this.pool.file.rule(integer(number, this.#first, this.#end - 1));
  }

  #limit(number: Untrusted): Limit {
    let known = this.#limits.get(number);
    if (known === undefined) this.#limits.set(number, (known = limitOf(this.name, this.#rule(number))));
    return known;
  }
}

function bodyNumbers(given: Untrusted, bodies: number): Record<string, number> {
  if (!isObject(given)) throw malformed("an index is an object");
  for (const number of Object.values(given)) integer(number, 0, bodies - 1);
  return given as Record<string, number>;
}

function textOrNull(value: Untrusted): string | null {
  return value === null ? null : text(value);
}
