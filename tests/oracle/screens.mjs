// The fields of screens that the server executes by levels, as `the_screens_of_an_app_are_executed_by_levels` holds. Other
// documents nearly always have a field that is not executed so, and one is enough.

import { readFileSync } from "node:fs";

import { graphql, schema } from "./schema.mjs";

const { TypeInfo, parse, visit, visitWithTypeInfo } = graphql;

const SCREENS = ["02-home-feed", "07-profile", "09-media-page", "21-photo-tags"];

/** The fields, each as `Type.field`. */
export const screenFields = new Set(SCREENS.flatMap(fieldsIn));

function fieldsIn(screen) {
  const text = readFileSync(new URL(`../../playground/operations/${screen}.graphql`, import.meta.url), "utf8");
  const [types, fields] = [new TypeInfo(schema), []];
  const enter = ({ name }) => void fields.push(`${types.getParentType().name}.${name.value}`);
  visit(parse(text), visitWithTypeInfo(types, { Field: { enter } }));
  return fields;
}
