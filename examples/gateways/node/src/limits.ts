/** What the limits of a decision ask a gateway to reserve (docs/table-format.md, "Limits"). Counting is a store's. */

import { fitting, integer, list, malformed, member, text, type Untrusted } from "./file.js";
import { NUMBER, follow, isObject, kind, own } from "./values.js";

const SCOPES = ["grant", "session", "agent", "user", "server", "global"];
const WINDOWS = ["second", "minute", "hour", "day", "week", "month"];

/** Admitted when the counter named `key` is at most `max` after adding `amount`. `window`: a calendar window, or a number of seconds. */
export interface Reservation {
  readonly key: readonly string[];
  readonly amount: number;
  readonly max: number;
  readonly window: string | number;
  readonly sliding: boolean;
}

/** Why nothing can be reserved, which denies the call: a scope's value is not there, or the amount is not a number. */
export interface Refused {
  readonly refused: "scope" | "amount";
}

/** A rule's limit. */
export class Limit {
  readonly max: number;
  readonly window: string | number;
  readonly sliding: boolean;
  readonly scope: readonly string[];
  readonly #counter: string;
  readonly #sum: readonly (string | number)[] | null;
  readonly #optional: boolean;
  readonly #whole: boolean;
  readonly #step: number;

  /** `id`: of the rule. Throws TableError for a limit that does not fit the format. */
  constructor(readonly policy: string, readonly id: string, readonly reason: string | null, limit: Untrusted) {
    this.max = number(limit.max);
    this.window = typeof limit.window === "string" ? member(limit.window, WINDOWS) : integer(limit.window, 1);
    this.sliding = boolean(limit.sliding);
    this.scope = list(limit.scope).map((name) => member(name, SCOPES));
    this.#counter = text(limit.counter);
    this.#sum = limit.sum === null ? null : list(limit.sum);
    if (this.#sum !== null) member(this.#sum[0], ["args", "context"]);
    this.#optional = boolean(limit.optional);
    this.#whole = boolean(limit.whole);
    this.#step = number(limit.step);
  }

  /** What to reserve for a call. Never throws. */
  reservation(args?: unknown, context?: unknown, server?: string | null): Reservation | Refused {
    try {
      return this.#reservation(args ?? {}, context ?? {}, server);
    } catch {
      return { refused: "amount" };
    }
  }

  #reservation(args: unknown, context: unknown, server: unknown): Reservation | Refused {
    const key = [this.policy, this.#counter, String(this.window)];
    for (const name of this.scope) {
      if (name === "global") continue;
      const value = name === "server" ? server : isObject(context) ? own(context, name) : undefined;
      if (typeof value !== "string" || value === "") return { refused: "scope" };
      key.push(`${name}=${value}`);
    }
    let amount: unknown = this.#step;
    if (this.#sum !== null) {
      const [root, ...steps] = this.#sum;
      amount = follow(root === "args" ? args : context, steps);
      if (this.#optional && (amount === undefined || amount === null)) amount = 0;
      if (kind(amount) !== NUMBER) return { refused: "amount" };
      if (this.#whole) amount = Math.trunc(amount as number) + 0; // not -0
    }
    return { key, amount: amount as number, max: this.max, window: this.window, sliding: this.sliding };
  }
}

const boolean = (value: Untrusted): boolean => member(value, [true, false]);

function number(value: Untrusted): number {
  if (typeof value === "number") return value;
  throw malformed("a limit's numbers are numbers");
}

/** The limit of a rule `[id, effect, reason, by, severity, limit]`. */
export function limitOf(policy: string, rule: Untrusted): Limit {
  const [id, , reason, , , limit] = list(rule, 6);
  return fitting(() => new Limit(policy, text(id), reason === null ? null : text(reason), limit));
}
