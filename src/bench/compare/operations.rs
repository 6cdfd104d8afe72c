//! The operations of the playground: CPU of the server, SQL statements and bytes for each execution.

use std::path::Path;

use hyper::body::Bytes;
use serde_json::Value;

use super::documents::{self, LEFT_OUT, Operation, Stage};
use super::{Comparison, Driven, ROUNDS, Setup, beside, each, medians};
use crate::base::error::{Error, Result};

/// Those that hash a password are executed a part of the times.
const SLOW: (&str, usize) = ("SignUp", 10);

/// Measures, and tells operation by operation.
///
/// # Errors
/// When a part fails, an operation has errors, or the programs do not answer the same.
pub async fn operations(setup: &Setup, folder: &Path, say: impl Fn(&str)) -> Result<()> {
    let operations = documents::read(folder)?;
    let comparison = Comparison::start(setup, &say).await?;
    let measured = measure_all(&comparison, &operations, setup.executions.unwrap_or(1), &say).await;
    comparison.end().await.and(measured)
}

/// One that fails does not keep the others from being measured.
async fn measure_all(
    comparison: &Comparison,
    operations: &[Operation],
    executions: usize,
    say: &impl Fn(&str),
) -> Result<()> {
    let (stage, mut failed) = (Stage::of(comparison).await?, vec![]);
    say("for each execution: CPU ms of the server, SQL statements, bytes of the answer");
    for operation in operations {
        if LEFT_OUT.contains(&&*operation.name) {
            say(&format!("{:20} is not measured here", operation.name));
            continue;
        }
        match measure(comparison, &stage, operation, executions).await {
            Ok(line) => say(&line),
            Err(error) => {
                say(&format!("{:20} failed: {}", operation.name, error.detail()));
                failed.push(&*operation.name);
            }
        }
    }
    failed.is_empty().then_some(()).ok_or_else(|| Error::internal(format!("failed: {}", failed.join(", "))))
}

/// The first round is not counted: it fills what is kept in memory.
async fn measure(
    comparison: &Comparison,
    stage: &Stage<'_>,
    operation: &Operation,
    executions: usize,
) -> Result<String> {
    let executions = if operation.name == SLOW.0 { executions.div_ceil(SLOW.1) } else { executions };
    let mut rounds = vec![Vec::new(); comparison.sides.len()];
    for round in 0..=ROUNDS {
        let numbers = round * executions..(round + 1) * executions;
        let asks = numbers.map(|number| stage.ask(operation, number)).collect::<Result<Vec<_>>>()?;
        let driven = comparison.drive_all(round, &asks).await?;
        for (driven, rounds) in driven.iter().zip(&mut rounds) {
            driven.answers.iter().try_for_each(must_succeed)?;
            rounds.push(numbers_of(driven));
        }
    }
    let sides: Vec<[f64; 3]> = rounds.iter().map(|rounds| medians(&rounds[1..])).collect();
    let of = |column: usize| sides.iter().map(|side| side[column]).collect::<Vec<_>>();
    Ok(format!(
        "{:20} server {}; statements {}; bytes {}",
        operation.name,
        beside(&of(0), 3),
        beside(&of(1), 1),
        beside(&of(2), 0)
    ))
}

fn numbers_of(driven: &Driven) -> [f64; 3] {
    let many = driven.answers.len();
    let each_of =
        |sum: u64| f64::from(u32::try_from(sum).unwrap_or(u32::MAX)) / f64::from(u32::try_from(many).unwrap_or(1));
    let bytes = driven.answers.iter().map(|answer| answer.len() as u64).sum();
    [each(driven.costs, many)[0], each_of(driven.statements), each_of(bytes)]
}

/// Whether an operation did what it is for.
fn must_succeed(answer: &Bytes) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer).map_err(Error::internal)?;
    let wrong = has_errors(&answer);
    (!wrong).then_some(()).ok_or_else(|| Error::internal(answer.to_string()))
}

/// Whether there are errors anywhere, those of the user too, or nothing where a root field stands.
fn has_errors(answer: &Value) -> bool {
    let some = |errors: &Value| errors.as_array().is_some_and(|errors| !errors.is_empty());
    let is_empty = |data: &Value| data.as_object().is_some_and(|fields| fields.values().any(Value::is_null));
    match answer {
        Value::Object(fields) => fields.iter().any(|(name, value)| match &**name {
            "errors" | "userErrors" => some(value),
            "data" => value.is_null() || is_empty(value) || has_errors(value),
            _ => has_errors(value),
        }),
        Value::Array(items) => items.iter().any(has_errors),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_are_found_wherever_they_are() {
        for (answer, expected) in [
            (json!({ "data": { "viewer": { "id": "a" } } }), false),
            (json!({ "data": { "likeMedia": { "media": null, "userErrors": [] } } }), false),
            (json!({ "data": { "likeMedia": { "userErrors": [{ "code": "INVALID" }] } } }), true),
            (json!({ "data": { "media": null } }), true),
            (json!({ "data": null }), true),
            (json!({ "data": { "viewer": {} }, "errors": [{ "message": "late" }] }), true),
            (json!([{ "errors": [1] }]), true),
        ] {
            assert_eq!(has_errors(&answer), expected, "{answer}");
        }
    }
}
