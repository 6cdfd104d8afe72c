# A menu: each line is a command that can be typed just as well.

# What there is to choose from.
default:
    @just --list

# Start a server on http://127.0.0.1:8080, with its data in ./data.
serve:
    cargo run

# Fill a server with a small lively world to look at.
seed:
    cargo run -- seed

# All tests, or those whose names contain a word, on the embedded parts and on production parts.
test *name:
    tests/run {{ name }}

# The quick half: the embedded parts only.
quick *name:
    tests/run --embedded {{ name }}

# What continuous integration runs.
ci:
    .ci/run

# Write the files that are made from the code.
derive:
    cargo run -- schema

# Bring the sources into the house's form.
format:
    cargo fmt --all

# What the compiler and its critic say.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Licenses and known holes of what we depend on (needs cargo-deny).
deny:
    cargo deny --config .deny.toml check
