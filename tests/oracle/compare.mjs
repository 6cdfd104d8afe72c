// What differs between the answer of the server and that of the reference.

import { graphql, schema } from "./schema.mjs";

const { isInterfaceType } = graphql;

/** Errors that an answer of the server can have. */
const MOST_ERRORS = 50;

/** The differences, each `{ kind, expected, actual }`. */
export function compared(expected, actual) {
  const found = [];
  const same = (kind, one, other) => {
    const text = (value) => (typeof value === "object" ? JSON.stringify(value) : value);
    const [expected, actual] = [text(one), text(other)];
    if (expected !== actual) found.push({ kind, expected, actual });
  };
  const { body } = actual;
  same("status", expected.status, actual.status);
  same("content type", typeOf(expected), actual.type);
  if (expected.status !== actual.status) found[0].why = (body.errors ?? []).map(({ message }) => message).join(" ");
  if (!("data" in expected)) {
    same("nothing is executed", [[expected.code], false], [[...new Set(codes(body))], "data" in body]);
    return found;
  }
  if (expected.status !== actual.status) return found;
  same("data", JSON.stringify(expected.data), actual.data);
  if (expected.errors.length > MOST_ERRORS) {
    same("errors", MOST_ERRORS, body.errors.length);
    return found;
  }
  const places = [expected.errors, errorsOf(body)].map((errors) => grouped(expected.data, errors));
  same("errors", ...places.map((groups) => Object.keys(groups).sort()));
  same("errors", ...places.map(inPlace));
  // Whether siblings of what failed are still executed once `null` is carried up is left open.
  if (expected.kind === "subscription") return found;
  const isCarried = Object.values(places[0]).some((group) => group.carried);
  if (!isCarried && expected.isCounted) {
    const { counts = {}, order = [] } = body.extensions?.resolved ?? {};
    same("counts", sums(expected.counts), sums(counts));
    same("order", expected.order, order);
  }
  return found;
}

/** Data with the values masked that the reference has masked: they are other ones each time. */
export function masked(expected, actual) {
  if (expected === "masked" && typeof actual === "string") return "masked";
  if (actual === null || typeof actual !== "object") return actual;
  if (Array.isArray(actual)) return actual.map((item, index) => masked(expected?.[index], item));
  return Object.fromEntries(Object.entries(actual).map(([key, value]) => [key, masked(expected?.[key], value)]));
}

const typeOf = ({ kind }) =>
  kind === "subscription" ? "text/event-stream; charset=utf-8" : "application/graphql-response+json; charset=utf-8";
const codes = (body) => (body.errors ?? []).map((error) => error.extensions?.code);
const errorsOf = ({ errors = [] }) => errors.map(({ path = [], extensions }) => ({ path, code: extensions?.code }));

/**
 * How often fields were resolved; the server names an interface's field after the interface, or after the object.
 * Introspection is no resolver's work.
 */
function sums(counts) {
  const sums = {};
  for (const [name, count] of Object.entries(counts)) {
    const [type, field] = name.split(".");
    if (field.startsWith("__")) continue;
    const is = schema.getType(type);
    const isOfInterface = isInterfaceType(is) || is.getInterfaces().some((one) => one.getFields()[field]);
    const place = isOfInterface ? field : name;
    sums[place] = (sums[place] ?? 0) + count;
  }
  return Object.entries(sums).sort();
}

/** The errors of fields that are `null` themselves. */
function inPlace(groups) {
  const inPlace = Object.values(groups).filter(({ carried }) => !carried);
  return inPlace.flatMap(({ errors }) => errors).sort();
}

/** Errors by where the data is `null` because of them; `carried` when that is above the field that failed. */
function grouped(data, errors) {
  const groups = {};
  for (const { path, code } of errors) {
    const place = nullAt(data, path);
    const group = (groups[place.join(".")] ??= { errors: [], carried: place.length < path.length });
    group.errors.push(`${path.join(".")} ${code}`);
  }
  return groups;
}

function nullAt(data, path) {
  let value = data;
  for (let length = 0; length < path.length; length += 1) {
    if (value === null || value === undefined) return path.slice(0, length);
    value = value[path[length]];
  }
  return path;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON text with each string and number as JavaScript writes it (`1` for `1.0`), and nothing else changed. */
export const normal = (text) => text.replace(TOKENS, (token) => JSON.stringify(JSON.parse(token)));

/** The text of `data` in an answer, in which it comes first. */
export function dataOf(text, body) {
  if (!("data" in body)) return undefined;
  const rest = JSON.stringify(body.data);
  const all = normal(text);
  const start = `{"data":${rest}`;
  return all.startsWith(start) ? rest : all.slice(8, 8 + rest.length + 40);
}
