// The arguments that documents are generated with. Each (field, arguments) pair of this table is in the recorded world.

import { graphql, keyOf, schema } from "./schema.mjs";

const { Kind, getArgumentValues, isNonNullType, isRequiredArgument, valueToLiteral } = graphql;

/** Good and bad pages of a list that is read from its start. */
const FORWARD = [{ first: 1 }, { first: 2 }, { first: 0 }, { first: -1 }, { first: 1000 }, { first: 2, after: "?" }];
/** The same of a list that can be read from both ends. */
const BOTH_WAYS = [...FORWARD, { last: 1 }, { last: 2 }, { first: 1, last: 1 }];

const FIELDS = {
  "Comment.replies": FORWARD,
  "Media.comments": [...BOTH_WAYS, { order: "NEWEST_FIRST" }, { order: "OLDEST_FIRST", first: 1 }],
  "Photo.image": [{ size: "LOW" }, { size: "THUMBNAIL", format: "WEBP" }, { format: "JPEG" }],
  "Photo.images": [{ format: "WEBP" }],
  "User.followers": FORWARD,
  "User.following": FORWARD,
  "User.media": BOTH_WAYS,
  "Viewer.activities": [
    ...BOTH_WAYS,
    ...[{ kinds: ["FOLLOWED", "MEDIA_LIKED"], first: 3 }, { kinds: "MENTIONED" }, { kinds: [] }],
  ],
  "Viewer.blockedUsers": FORWARD,
  "Viewer.followRequests": FORWARD,
  "Viewer.homeFeed": BOTH_WAYS,
  "Viewer.likedMedia": FORWARD,
  "Viewer.mutedUsers": FORWARD,
  "Viewer.savedMedia": FORWARD,
  "Viewer.uploads": FORWARD,
};

/** More IDs than `nodes` takes. */
const TOO_MANY = Array.from({ length: 101 }, (_, number) => `usr_${number}`);
const KEY = "0198c5a2-7f00-7abc-8def-0123456789ab";

/** The arguments of the root fields, for the IDs of a world: one of each type, and what names nothing. */
function rootFields(ids) {
  const { User, Media, Comment, Upload } = ids;
  const all = Object.values(ids);
  const input = (...inputs) => inputs.map((input) => ({ input }));
  return {
    "Query.node": [...all, "nothing", "usr_1", "5"].map((id) => ({ id })),
    "Query.nodes": [[User, Media], [Comment, "nothing"], [], User, TOO_MANY].map((ids) => ({ ids })),
    "Query.user": [{ id: User }, { username: "@Ada" }, { username: "nobody" }, { id: "5" }].map((by) => ({ by })),
    "Query.media": [{ id: Media }, { id: "nothing" }, { shortcode: "0" }].map((by) => ({ by })),
    "Subscription.homeFeedEvents": [{ after: "?" }],
    "Subscription.mediaStreamEvents": [{ source: { userId: ids.followed } }],
    "Subscription.mediaEvents": [{ mediaId: ids.liked }, { mediaId: Media, after: "?" }],
    "Subscription.uploadEvents": [{ uploadId: Upload }],
    // Each can be done again and again: it is done already, is the same request, or is refused.
    "Mutation.likeMedia": input({ mediaId: ids.liked }, { mediaId: "nothing" }),
    "Mutation.saveMedia": input({ mediaId: ids.saved }, { mediaId: User }),
    "Mutation.unsaveMedia": input({ mediaId: "nothing" }),
    "Mutation.followUser": input({ userId: ids.followed }, { userId: "nothing" }),
    "Mutation.addComment": input(
      { mediaId: ids.liked, text: "Again", idempotencyKey: KEY },
      { mediaId: ids.liked, text: "", idempotencyKey: null },
    ),
    "Mutation.deleteComment": input({ commentId: "nothing" }),
    "Mutation.updatePrivacySettings": input({}, { isPrivate: null }),
    "Mutation.muteUser": input({ userId: "nothing", until: "2099-01-01T00:00:00Z" }),
    "Mutation.createUpload": input({ contentType: "text/plain", byteSize: 5, prefers: "TUS" }),
    "Mutation.discardUpload": input({ uploadId: Comment }),
    "Mutation.publishMedia": input({ photos: [] }, { photos: { uploadId: "nothing" }, audience: "FOLLOWERS" }),
    "Mutation.updatePhoto": input({ photoId: "nothing", focalPoint: { x: 0.5, y: 1 } }),
  };
}

/** The table for a world: the fields that take arguments, each with those it may have. */
export class Table {
  constructor(ids) {
    this.fields = { ...FIELDS, ...rootFields(ids) };
  }

  /** The arguments that a document can give to a field, as values of variables; one without any where it takes none. */
  choices(type, field) {
    const given = this.fields[`${type.name}.${field.name}`];
    // What is not in the table, such as `logOut`, would change the world.
    if (field.args.length === 0) return type.name === "Mutation" ? [] : [{}];
    return field.args.some(isRequiredArgument) ? (given ?? []) : [{}, ...(given ?? [])];
  }

  /** All arguments that may come of these, by their keys: optional ones can also be absent or `null`. */
  recorded(type, field) {
    const all = this.choices(type, field).flatMap((choice) => reduced(field, choice));
    return new Map(all.map((values) => [keyOf(field.name, coerced(field, values)), values]));
  }
}

/** A choice, and the same with optional arguments left out and `null`. */
function reduced(field, choice) {
  return Object.entries(choice).reduce((all, [name, value]) => {
    const argument = field.args.find((argument) => argument.name === name);
    const others = all.map((values) => ({ ...values, [name]: value }));
    const absent = isRequiredArgument(argument) ? [] : all;
    const empty = isNonNullType(argument.type) ? [] : all.map((values) => ({ ...values, [name]: null }));
    return [...others, ...absent, ...empty];
  }, [{}]);
}

/** Arguments as the resolver gets them. */
function coerced(field, values) {
  return getArgumentValues(field, { kind: Kind.FIELD, arguments: argumentNodes(field, values) });
}

/** Arguments as literals. */
export function argumentNodes(field, values) {
  return Object.entries(values).map(([name, value]) => ({
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: name },
    value: literal(value, field.args.find((argument) => argument.name === name).type),
  }));
}

/** A value of a variable as a literal. */
export function literal(value, type) {
  const node = valueToLiteral(value, type);
  if (!node) throw new Error(`${JSON.stringify(value)} is no ${type}`);
  return node;
}

/**
 * Introspection in which both sides may differ: `schema.graphql` does not say where scalars are specified, the order of
 * possible types is free, async-graphql gives `null` for the interfaces of an interface, and describes `String` otherwise.
 */
const LEFT_OUT = ["specifiedByURL", "possibleTypes", "interfaces", "description"];

/** The fields of a type that documents can select. */
export function fieldsOf(table, type) {
  const fields = Object.values(type.getFields()).filter((field) => !LEFT_OUT.includes(field.name));
  return fields.filter((field) => table.choices(type, field).length > 0);
}

/** The root type of a kind of operation. */
export const rootOf = (kind) => schema.getRootType(kind);
