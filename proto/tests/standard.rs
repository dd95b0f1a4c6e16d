//! Holds the build's own check of the documents against documents that are wrong: each is refused, by the name of what is
//! wrong, and so would the build be.

#[path = "../build/standard.rs"]
mod standard;

use std::path::Path;

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

/// A file that is nowhere on disk.
struct Snippet(String);

const NAME: &str = "snippet.proto";

impl FileResolver for Snippet {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == NAME {
            File::from_source(name, &self.0)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}

/// The descriptors of a proto file with these declarations.
fn compile(declarations: &str) -> DescriptorPool {
    let source = format!(
        r#"syntax = "proto3";
        package support.snippet.v1;
        import "google/protobuf/duration.proto";
        import "google/protobuf/timestamp.proto";
        import "google/protobuf/wrappers.proto";
        import "google/protobuf/struct.proto";
        import "support/options/v1/options.proto";
        enum Level {{ LEVEL_UNSPECIFIED = 0; LEVEL_HIGH = 1; }}
        {declarations}"#
    );
    let mut resolver = ChainFileResolver::new();
    resolver.add(Snippet(source));
    resolver.add(IncludeFileResolver::new(
        Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(),
    ));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler
        .open_file(NAME)
        .unwrap_or_else(|error| panic!("{error:?}\n{declarations}"));
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
}

/// What the build says to a document with these fields, and to the messages inside it.
fn faults(fields: &str, inside: &str) -> Vec<String> {
    faults_of(&format!(
        r#"message Rules {{
            option (support.options.v1.standard) = {{name: "rules"}};
            {fields}
        }}
        {inside}"#
    ))
}

fn faults_of(declarations: &str) -> Vec<String> {
    match standard::check(&compile(declarations)) {
        Ok(()) => Vec::new(),
        Err(error) => error
            .to_string()
            .lines()
            .skip(1)
            .map(|line| line.trim().to_owned())
            .collect(),
    }
}

/// `[(support.options.v1.departure) = DEPARTURE_…]`.
fn stating(field: &str, departure: &str) -> String {
    format!("{field} [(support.options.v1.departure) = DEPARTURE_{departure}];")
}

#[test]
fn a_field_without_a_departure_fails_the_build() {
    assert_eq!(
        faults("int32 limit = 1;", ""),
        ["support.snippet.v1.Rules.limit: no departure is stated"]
    );
    assert_eq!(
        faults(&stating("int32 limit = 1", "UNSPECIFIED"), ""),
        ["support.snippet.v1.Rules.limit: no departure is stated"]
    );
    // In whatever stands inside too, also where the outer one's departure holds for all of it; and all are named at once.
    let fields = [
        stating("Inner one = 1", "BY_FIELD"),
        stating("map<string, Other> many = 2", "LOCKED"),
        stating("repeated Third list = 3", "FREE"),
    ];
    let inside = "message Inner { bool on = 1; } message Other { bool on = 1; Inner inner = 2; } message Third { string text = 1; }";
    assert_eq!(
        faults(&fields.concat(), inside),
        [
            "support.snippet.v1.Inner.on: no departure is stated",
            "support.snippet.v1.Other.inner: no departure is stated",
            "support.snippet.v1.Other.on: no departure is stated",
            "support.snippet.v1.Third.text: no departure is stated",
        ]
    );
    // What is no document is not asked.
    assert_eq!(faults("", "message Elsewhere { double free = 1; }"), [""; 0]);
}

const DEPARTURES: [&str; 9] = [
    "LOCKED",
    "FREE",
    "BY_FIELD",
    "MAY_TIGHTEN_HIGHER",
    "MAY_TIGHTEN_LOWER",
    "MAY_TIGHTEN_LONGER",
    "MAY_TIGHTEN_SHORTER",
    "MAY_TIGHTEN_SUPERSET",
    "MAY_TIGHTEN_SUBSET",
];

/// Every type with every departure: just those that the comments of `Departure` name fit.
#[test]
fn a_departure_that_does_not_fit_its_type_fails_the_build() {
    let ordered = ["MAY_TIGHTEN_HIGHER", "MAY_TIGHTEN_LOWER"];
    let timed = ["MAY_TIGHTEN_LONGER", "MAY_TIGHTEN_SHORTER"];
    let counted = ["MAY_TIGHTEN_SUPERSET", "MAY_TIGHTEN_SUBSET"];
    let cases: &[(&str, &[&str], bool, bool)] = &[
        // type, what fits beside LOCKED, whether FREE does, whether BY_FIELD does
        ("int32", &ordered, true, false),
        ("optional int64", &ordered, true, false),
        ("uint64", &ordered, true, false),
        ("sfixed32", &ordered, true, false),
        ("bool", &ordered, true, false),
        ("optional Level", &ordered, true, false),
        ("string", &[], true, false),
        ("google.protobuf.Duration", &timed, true, false),
        ("Inner", &[], false, true),
        ("repeated string", &counted, true, false),
        ("repeated Level", &counted, true, false),
        ("repeated Inner", &[], true, false),
        ("repeated google.protobuf.Duration", &[], true, false),
        ("map<string, int32>", &counted, true, false),
        ("map<string, google.protobuf.Duration>", &counted, true, false),
        ("map<string, Inner>", &counted, true, true),
    ];
    let inside = format!("message Inner {{ {} }}", stating("bool on = 1", "LOCKED"));
    for (kind, fitting, free, by_field) in cases {
        for departure in DEPARTURES {
            let fits = match departure {
                "LOCKED" => true,
                "FREE" => *free,
                "BY_FIELD" => *by_field,
                other => fitting.contains(&other),
            };
            let expected = if fits {
                Vec::new()
            } else {
                vec![format!(
                    "support.snippet.v1.Rules.field: {departure} does not fit the field's type"
                )]
            };
            assert_eq!(
                faults(&stating(&format!("{kind} field = 1"), departure), &inside),
                expected,
                "{kind} {departure}"
            );
        }
    }
}

#[test]
fn what_a_document_does_not_have_fails_the_build() {
    let cases = [
        ("double", "a document has no floating point and no bytes"),
        ("optional float", "a document has no floating point and no bytes"),
        ("bytes", "a document has no floating point and no bytes"),
        ("repeated bytes", "a document has no floating point and no bytes"),
        ("map<string, double>", "a document has no floating point and no bytes"),
        (
            "google.protobuf.Timestamp",
            "a document has no google.protobuf.Timestamp",
        ),
        (
            "google.protobuf.Int32Value",
            "a document has no google.protobuf.Int32Value",
        ),
        (
            "map<string, google.protobuf.Timestamp>",
            "a document has no google.protobuf.Timestamp",
        ),
        ("map<int32, string>", "a document's maps are by string"),
        ("map<bool, string>", "a document's maps are by string"),
    ];
    for (kind, fault) in cases {
        let told = faults(&stating(&format!("{kind} field = 1"), "LOCKED"), "");
        assert_eq!(
            told.first(),
            Some(&format!("support.snippet.v1.Rules.field: {fault}")),
            "{kind}: {told:?}"
        );
    }
    let oneof = format!(
        "oneof way {{ {} {} }}",
        stating("int32 a = 1", "LOCKED"),
        stating("bool b = 2", "LOCKED")
    );
    assert_eq!(
        faults(&oneof, ""),
        ["support.snippet.v1.Rules.way: a document has no oneof"]
    );
    let nested = format!("message Inner {{ {oneof} }}");
    assert_eq!(
        faults(&stating("Inner inner = 1", "BY_FIELD"), &nested),
        ["support.snippet.v1.Inner.way: a document has no oneof"]
    );
}

#[test]
fn what_stands_within_itself_fails_the_build() {
    let itself = faults(&stating("map<string, Rules> more = 1", "BY_FIELD"), "");
    assert_eq!(itself, ["support.snippet.v1.Rules: stands within itself"]);
    let inside = format!(
        "message One {{ {} }} message Two {{ {} }}",
        stating("Two two = 1", "BY_FIELD"),
        stating("repeated One ones = 1", "FREE")
    );
    assert_eq!(
        faults(&stating("One one = 1", "BY_FIELD"), &inside),
        ["support.snippet.v1.One: stands within itself"]
    );
    // Twice beside each other is not within.
    let beside = [stating("Leaf one = 1", "BY_FIELD"), stating("Leaf two = 2", "BY_FIELD")].concat();
    let leaf = format!("message Leaf {{ {} }}", stating("bool on = 1", "LOCKED"));
    assert_eq!(faults(&beside, &leaf), [""; 0]);
}

#[test]
fn a_person_in_a_document_fails_the_build() {
    let field =
        "string name = 1 [(support.options.v1.departure) = DEPARTURE_FREE, (support.options.v1.personal) = true];";
    assert_eq!(
        faults(field, ""),
        ["support.snippet.v1.Rules.name: is personal, and documents are told to everybody"]
    );
}

#[test]
fn a_document_without_a_name_of_its_own_fails_the_build() {
    let document = |message: &str, name: &str| {
        format!("message {message} {{ option (support.options.v1.standard) = {{name: \"{name}\"}}; }}")
    };
    for wrong in ["", "Rules", "1st", "-a", "a_b", "a/b", "a b", &"a".repeat(41)] {
        assert_eq!(
            faults_of(&document("Rules", wrong)),
            ["support.snippet.v1.Rules: its name is not one of lower-case letters, digits and hyphens, 40 at most"],
            "{wrong}"
        );
    }
    assert_eq!(faults_of(&document("Rules", &"a".repeat(40))), [""; 0]);
    let two = document("One", "rules") + &document("Two", "rules");
    assert_eq!(
        faults_of(&two),
        ["support.snippet.v1.Two: has the name of support.snippet.v1.One"]
    );
    assert_eq!(
        faults_of(&(document("One", "rules") + &document("Two", "other-rules"))),
        [""; 0]
    );
}
