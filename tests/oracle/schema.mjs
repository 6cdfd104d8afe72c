// graphql-js 17 with the schema of this server: its types from `schema.graphql`, its scalars as their descriptions say.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../playground/package.json", import.meta.url));

/** The reference implementation. */
export const graphql = require("graphql-17");

const { GraphQLError, Kind, buildSchema, getNamedType, isAbstractType, isInterfaceType, isObjectType } = graphql;

/** The schema of the server. */
export const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What each scalar makes of a string; `undefined` when it does not fit. */
const FROM_TEXT = {
  DateTime: (text) => (DATE_TIME.test(text) ? new Date(text).toISOString() : undefined),
  EmailAddress: (text) => text,
  Sha256: (text) => (/^[0-9a-f]{64}$/.test(text) ? text : undefined),
  StreamCursor: (text) => text,
  UUID: (text) => (UUID.test(text) ? text.toLowerCase() : undefined),
};

for (const [name, read] of Object.entries(FROM_TEXT)) {
  coerce(name, (value) => (typeof value === "string" ? read(value) : undefined), Kind.STRING);
}
coerce("ByteSize", (value) => (Number.isSafeInteger(value) && value >= 0 ? value : undefined), Kind.INT);

/** Sets how a scalar reads values of variables, and literals of the one kind that it takes. */
function coerce(name, read, kind) {
  const type = schema.getType(name);
  const checked = (value) => {
    const coerced = read(value);
    if (coerced === undefined) throw new GraphQLError(`This is no ${name}.`);
    return coerced;
  };
  type.coerceInputValue = checked;
  type.parseValue = checked;
  type.coerceInputLiteral = (node) =>
    checked(node.kind === kind ? (kind === Kind.INT ? Number(node.value) : node.value) : undefined);
}

/** Whether values of a type are told apart by their IDs, so that the world keeps each once. */
export function isNode(type) {
  const hasId = (object) => object.getInterfaces().some((is) => is.name === "Node");
  return isObjectType(type)
    ? hasId(type)
    : isInterfaceType(type) && schema.getPossibleTypes(type).every(hasId);
}

/** The object types that a value of a composite type can have. */
export function possibleTypes(type) {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}

/** The type of a field's value without lists and `!`. */
export const namedType = (field) => getNamedType(field.type);

/** A field with coerced arguments, as the world keeps its value. */
export function keyOf(name, values) {
  return `${name}(${JSON.stringify(values, sorted)})`;
}

function sorted(_, value) {
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
}
