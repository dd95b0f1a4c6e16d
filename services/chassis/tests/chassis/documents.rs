//! The core of the standard, on a document that has every departure on every type that it fits. Its descriptor is compiled here:
//! it is no document of the contract.

#[path = "documents/held.rs"]
mod held;
#[path = "documents/judge.rs"]
mod judge;
#[path = "documents/lifting.rs"]
mod lifting;
#[path = "documents/loosening.rs"]
mod loosening;
#[path = "documents/merging.rs"]
mod merging;
#[path = "documents/random.rs"]
mod random;
#[path = "documents/reading.rs"]
mod reading;
#[path = "documents/records.rs"]
mod records;
#[path = "documents/shuffled.rs"]
mod shuffled;

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};
use support_chassis::standard::{Content, Schema, content};

/// The descriptor of `support.test.v1.Everything`.
fn everything() -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        let root = env!("CARGO_MANIFEST_DIR");
        let folders = [format!("{root}/tests/chassis/documents"), format!("{root}/../../proto")];
        let mut compiler = protox::Compiler::new(folders).unwrap();
        compiler.include_imports(true).open_file("everything.proto").unwrap();
        // Encoded by the compiler itself: decoding into prost's types first would drop our options.
        DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
    });
    POOL.get_message_by_name("support.test.v1.Everything").unwrap()
}

/// The schema of `Everything`, without field rules.
fn schema() -> Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(&everything()).unwrap());
    SCHEMA.clone()
}

/// The content that a JSON value is.
fn content_of(value: &serde_json::Value) -> Content {
    content::from_json(&schema(), &value.to_string()).unwrap()
}

/// Every document of the contract has a schema: what the build lets pass, the core can rule by.
#[test]
fn every_document_of_the_contract_has_a_schema() {
    let pool = support_proto::descriptors();
    let option = pool.get_extension_by_name("support.options.v1.standard").unwrap();
    let mut seen = 0;
    for message in pool
        .all_messages()
        .filter(|message| message.options().has_extension(&option))
    {
        seen += 1;
        let schema = Schema::new(&message).unwrap();
        // A document of which nothing is said.
        let empty = content::from_json(&schema, "{}").unwrap();
        assert_eq!(
            content::from_json(&schema, &empty.print()).unwrap(),
            empty,
            "{}",
            message.full_name()
        );
    }
    assert!(seen > 0, "no documents found");
}

#[test]
fn a_message_without_departures_has_none() {
    let case = support_proto::descriptors()
        .get_message_by_name("support.case.v1.Case")
        .unwrap();
    let error = Schema::new(&case).unwrap_err();
    assert!(error.field.starts_with("support.case.v1.Case."), "{error}");
}
