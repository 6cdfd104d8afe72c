//! The schema as it is promised: `schema.graphql` is what the program says, and everything in it is described.

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};

#[test]
fn the_file_is_what_the_program_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let written = std::fs::read_to_string(path).expect("schema.graphql: write it with `cargo run -- schema`");
    let said = photograph::graphql::sdl();
    let differs = said.lines().zip(written.lines()).position(|(said, written)| said != written);
    let line = differs.map_or("its end".to_owned(), |line| format!("line {}", line + 1));
    assert!(said == written, "schema.graphql differs at {line}: write it anew with `cargo run -- schema`");
}

#[test]
fn everything_is_described() {
    let found = undescribed(&photograph::graphql::sdl());
    assert!(found.is_empty(), "without a description: {found:#?}");
}

#[test]
fn what_is_not_described_is_found() {
    let schema = r#"
        "A thing." type Thing { "Its name." name(upper: Boolean): String size: Int }
        enum Color { "Like blood." RED GREEN }
        "What to make." input Make { name: String }
        "A cursor." scalar Cursor
    "#;
    let expected = ["Thing.name(upper:)", "Thing.size", "Color", "Color.GREEN", "Make.name"];
    assert_eq!(undescribed(schema), expected);
}

#[test]
fn every_mutation_says_what_the_caller_can_fix() {
    let types = types(&photograph::graphql::sdl());
    let payloads = types.iter().filter(|definition| definition.name.node.ends_with("Payload"));
    let silent = payloads.filter(|payload| !fields(&payload.kind).any(|field| field.name.node == "userErrors"));
    let silent: Vec<String> = silent.map(|payload| payload.name.node.to_string()).collect();
    assert!(silent.is_empty(), "without userErrors: {silent:?}");
}

/// What has no description: types, fields, arguments, values of enums.
fn undescribed(schema: &str) -> Vec<String> {
    types(schema).iter().flat_map(undescribed_in).collect()
}

fn types(schema: &str) -> Vec<TypeDefinition> {
    let document = parse_schema(schema).expect("the schema is GraphQL");
    let types = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    });
    types.collect()
}

fn undescribed_in(definition: &TypeDefinition) -> Vec<String> {
    let name = definition.name.node.as_str();
    let mut found = vec![];
    if definition.description.is_none() {
        found.push(name.to_owned());
    }
    for field in fields(&definition.kind) {
        let field_name = format!("{name}.{}", field.name.node);
        found.extend(field.description.is_none().then(|| field_name.clone()));
        found.extend(silent(&field.arguments).map(|argument| format!("{field_name}({argument}:)")));
    }
    match &definition.kind {
        TypeKind::InputObject(input) => found.extend(silent(&input.fields).map(|field| format!("{name}.{field}"))),
        TypeKind::Enum(values) => {
            let silent = values.values.iter().filter(|value| value.node.description.is_none());
            found.extend(silent.map(|value| format!("{name}.{}", value.node.value.node)));
        }
        _ => {}
    }
    found
}

fn fields(kind: &TypeKind) -> impl Iterator<Item = &FieldDefinition> {
    let fields = match kind {
        TypeKind::Object(object) => object.fields.as_slice(),
        TypeKind::Interface(interface) => interface.fields.as_slice(),
        _ => &[],
    };
    fields.iter().map(|field| &field.node)
}

fn silent(values: &[Positioned<InputValueDefinition>]) -> impl Iterator<Item = &str> {
    let silent = values.iter().filter(|value| value.node.description.is_none());
    silent.map(|value| value.node.name.node.as_str())
}
