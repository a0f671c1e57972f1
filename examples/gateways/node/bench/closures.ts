/** The benchmark's policy as a careful author would write it by hand: a map of tools to composed predicates, which only say yes or no. */

export type Args = Record<string, any>;
type Test = [field: string, op: string, value: any];
/** One group of the denials, or of the allows, has to hold whole. */
export type Plan = Record<string, { deny: Test[][]; allow: Test[][] }>;
type Predicate = (args: Args) => boolean;

export function closures(plan: Plan): (tool: string, args: Args) => boolean {
  const tools = new Map(Object.entries(plan).map(([name, groups]) => [name, tool(groups.deny.map(all), groups.allow.map(all))]));
  const no: Predicate = () => false;
  return (name, args) => (tools.get(name) ?? no)(args);
}

function tool(denies: Predicate[], allows: Predicate[]): Predicate {
  const allowed = any(allows);
  if (!denies.length) return allowed;
  const denied = any(denies);
  return (args) => !denied(args) && allowed(args);
}

function any(predicates: Predicate[]): Predicate {
  const [first, second] = predicates as [Predicate, Predicate?];
  if (second === undefined) return first;
  return (args) => first(args) || second(args);
}

function all(group: Test[]): Predicate {
  const [first, second] = group.map(([field, op, value]) => one(field, op, value));
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  return (args) => first(args) && second(args);
}

function one(field: string, op: string, value: any): Predicate {
  const [outer, inner] = field.split(".") as [string, string?];
  if (inner !== undefined) {
    const deeper = one(inner, op, value);
    return (args) => {
      const object = args[outer];
      return typeof object === "object" && object !== null && !Array.isArray(object) && deeper(object);
    };
  }
  switch (op) {
    case "<=": return (args) => { const x = args[field]; return typeof x === "number" && x <= value; };
    case ">": return (args) => { const x = args[field]; return typeof x === "number" && x > value; };
    case "in": {
      const among = new Set(value);
      return (args) => { const x = args[field]; return typeof x === "string" && among.has(x); };
    }
    case "starts_with": return (args) => { const x = args[field]; return typeof x === "string" && x.startsWith(value); };
    case "exists": return (args) => Object.hasOwn(args, field);
    case "like": {
      const [first, last] = value.split("*") as [string, string?];
      if (last === undefined) return (args) => args[field] === first;
      if (last === "") return (args) => { const x = args[field]; return typeof x === "string" && x.startsWith(first); };
      return (args) => { const x = args[field]; return typeof x === "string" && x.startsWith(first) && x.endsWith(last); };
    }
    default: throw new Error(op);
  }
}
