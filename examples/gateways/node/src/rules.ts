/** A body that is a list of rules (docs/table-format.md, "Rule lists"): correct, not optimised. */

import { integer, list, malformed, member, type Untrusted } from "./file.js";
import type { Decision, Fetch, Pools } from "./nodes.js";
import { NOT_JSON } from "./tests.js";
import type { JsonObject } from "./values.js";

type Call = [args: JsonObject, context: JsonObject, server: unknown, tool: string];
type Guard = (...call: Call) => boolean;
type Outcome = (effect: Untrusted, rule: Untrusted, limits: Untrusted) => Decision;

/** A test met a value that is not JSON. */
class NotJson extends Error {}

/** The function that decides; it gives null where a test met a value that is not JSON. Throws for a body that does not fit the format. */
export function rulesOf(body: Untrusted, pools: Pools, outcome: Outcome): Fetch {
  const [denials, allows, approvals, limits] = list(body.rules, 4).map((group) =>
    list(group).map((entry) => {
      const [rule, guard] = list(entry, 2);
      return { rule: integer(rule, 0), guard: guardOf(guard, pools) };
    }),
  ) as [Group, Group, Group, Group];
  const byDefault = member(body.default, ["allow", "deny"]) === "allow";
  for (const { rule } of [...denials, ...allows, ...approvals]) outcome("deny", rule, []);
  outcome("deny", -1, limits.map(({ rule }) => rule));

  const first = (group: Group, call: Call): number => group.find(({ guard }) => guard(...call))?.rule ?? -1;
  return (...call: Call) => {
    try {
      const denied = first(denials, call);
      if (denied >= 0) return outcome("deny", denied, []);
      const allowed = first(allows, call);
      if (allowed < 0 && !byDefault) return outcome("deny", -1, []);
      const asked = first(approvals, call);
      const reserved = limits.filter(({ guard }) => guard(...call)).map(({ rule }) => rule);
      return asked >= 0 ? outcome("approve", asked, reserved) : outcome("allow", allowed, reserved);
    } catch (error) {
      if (error instanceof NotJson) return null;
      throw error;
    }
  };
}

type Group = { rule: number; guard: Guard }[];

function guardOf(guard: Untrusted, pools: Pools): Guard {
  if (typeof guard === "boolean") return () => guard;
  const [how, ...rest] = list(guard);
  if (how === "?") {
    const [path, test, mask] = list(rest, 3);
    const { fetch } = pools.path(path);
    const { judge } = pools.test(test);
    const truths = integer(mask, 0, 7);
    return (...call) => {
      const truth = judge(fetch(...call));
      if (truth === NOT_JSON) throw new NotJson();
      return ((truths >> truth) & 1) === 1;
    };
  }
  const parts = rest.map((part) => guardOf(part, pools));
  if (how === "&") return (...call) => parts.every((part) => part(...call));
  if (how === "|") return (...call) => parts.some((part) => part(...call));
  throw malformed("there is no such guard");
}
