export { CAPABILITIES, TableError, type Header, type Options, type Refusal } from "./file.js";
export { Limit, type Refused, type Reservation } from "./limits.js";
export type { Decision } from "./nodes.js";
export type { Key } from "./signature.js";
export { Table, type Where } from "./table.js";
