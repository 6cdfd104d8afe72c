// What the server says, recorded by plain documents: no variables, no named fragments, each (field, arguments) pair under
// an alias of its own. An object with an ID is asked for once, by its ID, and kept once; so the world has no bottom.

import { fieldsOf, argumentNodes, rootOf } from "./arguments.mjs";
import { graphql, isNode, namedType, possibleTypes, schema } from "./schema.mjs";

const { isAbstractType, isLeafType, isListType, isNonNullType, print } = graphql;

/** Pairs that are asked for in one document: fewer than the errors that an answer can have. */
const AT_ONCE = 40;

/** What one viewer can see. An object is `{ __typename, values }`, a value that failed `{ error }`, a node `{ node }`. */
export class World {
  /** Records everything that is found from the roots of these kinds; of subscriptions the first event. */
  static async record(ask, table, kinds) {
    const world = new World(ask, table);
    world.roots = {};
    for (const kind of kinds) world.roots[kind] = await world.root(kind);
    await world.follow();
    return world;
  }

  /** Records what is found from the viewer, to learn IDs. */
  static async explore(ask, table) {
    const world = new World(ask, table);
    const { viewer } = (await ask("{ viewer { id } }")).data;
    world.see("Viewer", viewer.id);
    await world.follow();
    return world;
  }

  constructor(ask, table) {
    Object.assign(this, { ask, table, nodes: new Map(), unseen: [], known: new Map() });
  }

  /** A node that was met: it is asked for later. */
  see(type, id) {
    if (!this.nodes.has(id)) {
      this.nodes.set(id, { __typename: type, values: new Map() });
      this.unseen.push(id);
    }
    return { node: id };
  }

  async follow() {
    for (let id = this.unseen.pop(); id; id = this.unseen.pop()) {
      const node = this.nodes.get(id);
      const around = (fields) => `{ node(id: "${id}") { __typename ... on ${node.__typename} { ${fields} } } }`;
      await this.fill(schema.getType(node.__typename), node.values, around, ["node"]);
    }
  }

  async root(kind) {
    const values = new Map();
    await this.fill(rootOf(kind), values, (fields) => `${kind} { ${fields} }`, []);
    return { __typename: rootOf(kind).name, values };
  }

  /** Asks for all pairs of a type, some at once. */
  async fill(type, values, around, path) {
    const pairs = this.pairs(type);
    const atOnce = type.name === "Subscription" ? 1 : AT_ONCE;
    for (let start = 0; start < pairs.length; start += atOnce) {
      const some = pairs.slice(start, start + atOnce);
      await this.fillSome(some, values, around, path);
    }
  }

  async fillSome(pairs, values, around, path) {
    const answer = await this.ask(around(pairs.map((pair) => pair.text).join(" ")));
    const object = path.reduce((value, key) => value?.[key], answer.data);
    if (!object && pairs.length > 1) {
      // One of them failed and took the others along.
      for (const pair of pairs) await this.fillSome([pair], values, around, path);
      return;
    }
    const errors = new Map((answer.errors ?? []).map((error) => [error.path.join("."), error.extensions.code]));
    if (!object && errors.size === 0) throw new Error(`There is nothing at ${path} of ${around("…")}`);
    this.read(pairs, object ?? {}, values, { errors, path });
  }

  /** The pairs of a type, each with its alias, its text and the key it is kept by. */
  pairs(type) {
    if (!this.known.has(type)) this.known.set(type, this.made(type));
    return this.known.get(type);
  }

  made(type) {
    return fieldsOf(this.table, type).flatMap((field) =>
      [...this.table.recorded(type, field)].map(([key, given], number) => {
        const alias = `${type.name}_${field.name}_${number}`;
        const texts = argumentNodes(field, given).map((node) => print(node));
        const text = `${alias}: ${field.name}${texts.length ? `(${texts.join(", ")})` : ""}`;
        return { alias, text: `${text}${this.below(namedType(field))}`, key, type: field.type };
      }),
    );
  }

  /** What is selected of a value. */
  below(type) {
    if (isLeafType(type)) return "";
    if (isNode(type)) return " { __typename id }";
    const texts = (object) => this.pairs(object).map((pair) => pair.text).join(" ");
    if (!isAbstractType(type)) return ` { __typename ${texts(type)} }`;
    const each = possibleTypes(type).map((object) => `... on ${object.name} { ${texts(object)} }`);
    return ` { __typename ${each.join(" ")} }`;
  }

  read(pairs, object, values, { errors, path }) {
    for (const { alias, key, type } of pairs) {
      values.set(key, this.value(type, object[alias], { errors, path: [...path, alias] }));
    }
  }

  value(type, json, at) {
    const error = at.errors.get(at.path.join("."));
    if (error) return { error };
    if (json === undefined) throw new Error(`There is nothing at ${at.path.join(".")}`);
    if (json === null) return null;
    if (isNonNullType(type)) return this.value(type.ofType, json, at);
    if (isListType(type)) {
      return json.map((item, index) => this.value(type.ofType, item, { ...at, path: [...at.path, index] }));
    }
    if (isLeafType(type)) return json;
    if (isNode(type)) return this.see(json.__typename, json.id);
    const values = new Map();
    this.read(this.pairs(schema.getType(json.__typename)), json, values, at);
    return { __typename: json.__typename, values };
  }
}
