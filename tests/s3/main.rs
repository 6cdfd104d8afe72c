//! An S3 server for the tests.
fn main() {}
