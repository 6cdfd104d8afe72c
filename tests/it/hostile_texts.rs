//! Texts that nobody types: a NUL in every text that the schema takes, and names and words of which nothing can be seen.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Value, json};

use crate::kit::apns::{Apple, TOPIC};
use crate::kit::phone::{DEVICE, registration, token};
use crate::kit::{Kit, Person, account};

/// Postgres stores no NUL: whatever reaches it with one is a bug, and answered as one. The walk tries every argument and every
/// field of an input that is a string in JSON, one at a time, with all else as it should be.
#[tokio::test]
async fn a_nul_in_any_text_of_the_schema_is_no_fault_of_the_server() {
    let apple = Apple::opens().await;
    let kit = Kit::with(|config| apple.configure(config)).await;
    let ada = kit.signs_up("ada").await;
    let schema = Schema::read(&ada).await;
    let (mut tried, mut seen) = (0, HashSet::new());
    for (kind, operation) in schema.operations() {
        if kind == "subscription" {
            drop(ada.tries_to_listen(&operation, &json!({})).await);
        } else {
            let answer = ada.asks(&operation, json!({})).await;
            let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
            let codes = errors.iter().filter_map(|error| error["extensions"]["code"].as_str());
            let codes: Vec<&str> = codes.collect();
            assert!(!codes.contains(&"INTERNAL_SERVER_ERROR"), "{operation}\n{:#}", answer.body);
            // A walk whose operations are refused as a whole tries nothing, unless a scalar has a form that a NUL does not fit.
            let is_of_form = errors.iter().all(|error| {
                error["message"].as_str().is_some_and(|it| it.contains(" must be ") && !it.contains("of type"))
            });
            assert!(!codes.contains(&"GRAPHQL_VALIDATION_FAILED") || is_of_form, "{operation}\n{:#}", answer.body);
        }
        tried += 1;
        seen.insert(kind);
    }
    assert!(tried > 60 && seen.len() == 3, "{tried} tried, of {seen:?}");
    let mut named = registration(&token("one"));
    named["name"] = json!("Ada\0phone");
    let refused = ada.tries("registerDevice", named, DEVICE).await;
    assert_eq!((refused.refusal(), &refused.user_error()["path"]), ("INVALID".into(), &json!(["input", "name"])));
    kit.ends().await;
}

#[tokio::test]
async fn what_nobody_can_see_is_no_name_and_nothing_said() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    for bad in [
        "\u{200b}",
        "\u{2800}\u{3164}",
        "\u{e0041}\u{e007f}",
        "Eve\nadmin",
        "Eve\u{2028}admin",
        "\u{202e}eve",
        "eve\u{2069}",
    ] {
        let mut input = account("eve");
        input["displayName"] = json!(bad);
        let refused = kit.nobody().tries("signUp", input, "viewer { id }").await;
        assert_eq!(
            (refused.refusal(), &refused.user_error()["path"]),
            ("INVALID".into(), &json!(["input", "displayName"])),
            "{bad:?}"
        );
    }
    let media = ada.publishes("\u{200b}\u{2800} \u{3164}").await;
    assert_eq!(ada.sees_media(&media).await["caption"], Value::Null, "as if it were empty");
    let empty = ada.tries("addComment", json!({ "mediaId": media, "text": " " }), "comment { id }").await;
    let unseen =
        ada.tries("addComment", json!({ "mediaId": media, "text": "\u{200d}\u{2800}" }), "comment { id }").await;
    assert_eq!(unseen.user_error(), empty.user_error());
    kit.ends().await;
}

/// The types of the schema, as it describes itself, and things that exist.
struct Schema {
    types: HashMap<String, Value>,
    media: String,
    user: String,
}

const TYPES: &str = "{ __schema { types { kind name possibleTypes { name } enumValues { name }
    inputFields { name defaultValue type { ...T } }
    fields { name args { name defaultValue type { ...T } } type { ...T } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

impl Schema {
    async fn read(person: &Person) -> Self {
        let types = person.asks(TYPES, json!({})).await.data("/__schema/types").as_array().expect("types").clone();
        let types = types.into_iter().map(|ty| (text(&ty["name"]), ty)).collect();
        Self { types, media: person.publishes("dusk").await, user: person.id.clone() }
    }

    /// Operations with one NUL each, with their kinds.
    fn operations(&self) -> Vec<(&'static str, String)> {
        let mut operations = Vec::new();
        for (kind, root) in [("mutation", "Mutation"), ("subscription", "Subscription")] {
            operations.extend(self.of(root, kind).into_iter().map(|operation| (kind, format!("{operation} }}"))));
        }
        // The shortest way to every type, over something that exists where there is one.
        let node = |id: &str, ty: &str| (ty.to_owned(), format!("{{ node(id: \"{id}\") {{ ... on {ty}"), 2);
        let mut ways = VecDeque::from([
            node(&self.media, "Media"),
            node(&self.user, "User"),
            ("Query".to_owned(), String::new(), 0),
        ]);
        let mut been = HashSet::new();
        while let Some((ty, way, open)) = ways.pop_front() {
            if ty.starts_with("__") || !been.insert(ty.clone()) {
                continue;
            }
            let close = " }".repeat(open + 1);
            operations.extend(self.of(&ty, &way).into_iter().map(|operation| ("query", operation + &close)));
            for field in list(&self.types[&ty]["fields"]) {
                let call = format!("{way} {{ {}{}", text(&field["name"]), self.calls(field).remove(0));
                let to = named(&field["type"]);
                match text(&self.types[&to]["kind"]).as_str() {
                    "OBJECT" => ways.push_back((to, call, open + 1)),
                    "INTERFACE" | "UNION" => {
                        for one in list(&self.types[&to]["possibleTypes"]) {
                            let one = text(&one["name"]);
                            ways.push_back((one.clone(), format!("{call} {{ ... on {one}"), open + 2));
                        }
                    }
                    _ => {}
                }
            }
        }
        operations
    }

    /// The beginnings of operations that call the fields of a type, one with each NUL.
    fn of(&self, ty: &str, way: &str) -> Vec<String> {
        let mut operations = Vec::new();
        for field in list(&self.types[ty]["fields"]) {
            let to = &self.types[&named(&field["type"])];
            let selection =
                if list(&to["fields"]).is_empty() && text(&to["kind"]) != "UNION" { "" } else { " { __typename }" };
            for call in self.calls(field).into_iter().skip(1) {
                operations.push(format!("{way} {{ {}{call}{selection}", text(&field["name"])));
            }
        }
        operations
    }

    /// The arguments of a field: first as they should be, then with one NUL each.
    fn calls(&self, field: &Value) -> Vec<String> {
        let write = |all: String| if all.is_empty() { all } else { format!("({all})") };
        self.objects(list(&field["args"])).into_iter().map(write).collect()
    }

    /// Arguments or fields of an input: first those that are needed, as they should be, then with one NUL each.
    fn objects(&self, places: &[Value]) -> Vec<String> {
        let is_needed = |place: &&Value| place["type"]["kind"] == "NON_NULL" && place["defaultValue"].is_null();
        let write = |place: &Value, value: &str| format!("{}: {value}", text(&place["name"]));
        let plain = |except: Option<&Value>| {
            let others = places.iter().filter(is_needed).filter(|place| except != Some(*place));
            others.map(|place| write(place, &self.values(&place["type"], &text(&place["name"]))[0])).collect::<Vec<_>>()
        };
        let mut all = vec![plain(None).join(", ")];
        for place in places {
            for value in self.values(&place["type"], &text(&place["name"])).iter().skip(1) {
                let mut fields = plain(Some(place));
                fields.push(write(place, value));
                all.push(fields.join(", "));
            }
        }
        all
    }

    /// Values of a type at a place: first as it should be, then with one NUL each.
    fn values(&self, ty: &Value, place: &str) -> Vec<String> {
        match text(&ty["kind"]).as_str() {
            "NON_NULL" => self.values(&ty["ofType"], place),
            "LIST" => self.values(&ty["ofType"], place).iter().map(|value| format!("[{value}]")).collect(),
            "ENUM" => vec![text(&list(&self.types[&named(ty)]["enumValues"])[0]["name"])],
            "INPUT_OBJECT" => {
                let fields = list(&self.types[&named(ty)]["inputFields"]);
                let mut values = self.objects(fields);
                // Of a `@oneOf` nothing is needed, but something must be there.
                if values[0].is_empty() && fields.iter().all(|field| field["type"]["kind"] != "NON_NULL") {
                    let first = &fields[0];
                    values[0] =
                        format!("{}: {}", text(&first["name"]), self.values(&first["type"], &text(&first["name"]))[0]);
                }
                values.iter().map(|value| format!("{{ {value} }}")).collect()
            }
            _ => self.scalars(&text(&ty["name"]), place),
        }
    }

    fn scalars(&self, scalar: &str, place: &str) -> Vec<String> {
        let proper = match (scalar, place) {
            ("Int" | "ByteSize", _) => return vec!["1".to_owned()],
            ("Float", _) => return vec!["0.5".to_owned()],
            ("Boolean", _) => return vec!["true".to_owned()],
            ("ID", "userId") => self.user.clone(),
            ("ID", _) => self.media.clone(),
            ("UUID", _) => "0198c5a2-7f00-7abc-8def-0123456789ab".to_owned(),
            ("DateTime", _) => "2026-11-22T18:30:00.000Z".to_owned(),
            ("EmailAddress", _) => "eve@example.org".to_owned(),
            ("Sha256", _) => "0f".repeat(32),
            (_, "token") => token("one"),
            (_, "topic") => TOPIC.to_owned(),
            (_, "contentType") => "image/jpeg".to_owned(),
            (_, "timeZone") => "Europe/Berlin".to_owned(),
            (_, "password") => "correct horse battery".to_owned(),
            (_, "after" | "before") => String::new(),
            _ => "dusk".to_owned(),
        };
        vec![format!("\"{proper}\""), format!("\"{proper}\\u0000\""), format!("\"{proper}\\u0000x\"")]
    }
}

/// The name of a type, without lists and `!`.
fn named(ty: &Value) -> String {
    if ty["ofType"].is_null() { text(&ty["name"]) } else { named(&ty["ofType"]) }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
