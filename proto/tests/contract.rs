//! Holds the contract against its own rules: every method says what it demands, every field says what it means, events
//! carry no personal data, and nothing that was once published is taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use prost::Message as _;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use support_proto::descriptors;
use support_proto::policy::policies;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind, Departure, Idempotency};

fn messages() -> Vec<MessageDescriptor> {
    descriptors()
        .all_messages()
        .filter(|message| message.full_name().starts_with("support."))
        .collect()
}

fn enums() -> Vec<EnumDescriptor> {
    descriptors()
        .all_enums()
        .filter(|kind| kind.full_name().starts_with("support."))
        .collect()
}

fn is_personal(field: &FieldDescriptor) -> bool {
    let option = descriptors()
        .get_extension_by_name("support.options.v1.personal")
        .unwrap();
    field.options().get_extension(&option).as_bool().unwrap_or(false)
}

fn is_event(message: &MessageDescriptor) -> bool {
    let option = descriptors().get_extension_by_name("support.options.v1.event").unwrap();
    message.options().has_extension(&option)
}

/// The comment that stands before the declaration at `path` of `file`.
fn comment(file: &FileDescriptorProto, path: &[i32]) -> String {
    file.source_code_info
        .iter()
        .flat_map(|info| &info.location)
        .find(|location| location.path == path)
        .map(|location| location.leading_comments().trim().to_owned())
        .unwrap_or_default()
}

#[test]
fn every_method_states_what_it_demands() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for service in descriptors().services() {
        for method in service.methods() {
            seen += 1;
            let path = format!("/{}/{}", service.full_name(), method.name());
            let Some(policy) = policies().get(&path) else {
                faults.push(format!("{path}: no policy"));
                continue;
            };
            let mut fault = |broken: bool, what: &str| {
                if broken {
                    faults.push(format!("{path}: {what}"));
                }
            };
            fault(policy.callers.is_empty(), "no callers");
            fault(
                policy.callers.contains(&CallerKind::Unspecified),
                "callers hold UNSPECIFIED",
            );
            fault(policy.idempotency == Idempotency::Unspecified, "no idempotency");
            let millis = policy.deadline.as_millis();
            fault(!(1..=86_400_000).contains(&millis), "deadline is not from 1 ms to 24 h");
            let input = method.input();
            fault(
                policy.idempotency == Idempotency::RequestId && input.get_field_by_name("request_id").is_none(),
                "promises idempotency without a request_id",
            );
            fault(
                policy.idempotency == Idempotency::Read && input.get_field_by_name("request_id").is_some(),
                "reads, yet takes a request_id",
            );
            let scoped = [CallerKind::Staff, CallerKind::Operator, CallerKind::Partner];
            let open = policy.callers.contains(&CallerKind::Anonymous);
            let takes_scoped = policy.callers.iter().any(|kind| scoped.contains(kind));
            fault(
                takes_scoped && !open && policy.scope.is_empty(),
                "staff, operators or partners without a scope",
            );
            fault(
                policy.callers.contains(&CallerKind::Customer)
                    && !open
                    && policy.assurance == AssuranceLevel::Unspecified,
                "customers without an assurance level",
            );
        }
    }
    assert!(
        seen > 40,
        "the contract has {seen} methods only: the descriptors are not the whole contract"
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn everything_declared_has_a_comment() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for descriptor in descriptors().files().filter(|file| file.name().starts_with("support/")) {
        let file = descriptor.file_descriptor_proto();
        let mut need = |path: &[i32], name: String| {
            seen += 1;
            if comment(file, path).is_empty() {
                faults.push(format!("{}: {name} has no comment", descriptor.name()));
            }
        };
        for (m, message) in (0..).zip(&file.message_type) {
            need(&[4, m], message.name().to_owned());
            for (f, field) in (0..).zip(&message.field) {
                need(&[4, m, 2, f], format!("{}.{}", message.name(), field.name()));
            }
            assert!(
                message.enum_type.is_empty(),
                "{}: enums stand at the top level",
                message.name()
            );
        }
        for (e, kind) in (0..).zip(&file.enum_type) {
            need(&[5, e], kind.name().to_owned());
            for (v, value) in (0..).zip(&kind.value) {
                need(&[5, e, 2, v], value.name().to_owned());
            }
        }
        for (s, service) in (0..).zip(&file.service) {
            need(&[6, s], service.name().to_owned());
            for (m, method) in (0..).zip(&service.method) {
                need(&[6, s, 2, m], format!("{}.{}", service.name(), method.name()));
            }
        }
    }
    assert!(seen > 600, "only {seen} declarations seen: comments were not kept");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_enum_begins_with_unspecified_and_carries_its_name() {
    let mut faults = Vec::new();
    for kind in enums() {
        let prefix = screaming(kind.name());
        let zero = kind.get_value(0).map(|value| value.name().to_owned());
        if zero.as_deref() != Some(&format!("{prefix}_UNSPECIFIED")) {
            faults.push(format!("{}: zero is {zero:?}", kind.full_name()));
        }
        for value in kind.values() {
            if !value.name().starts_with(&format!("{prefix}_")) {
                faults.push(format!("{}: {} lacks the prefix", kind.full_name(), value.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn screaming(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

#[test]
fn events_carry_no_personal_data() {
    fn walk(message: &MessageDescriptor, path: &str, seen: &mut BTreeSet<String>, faults: &mut Vec<String>) {
        if !seen.insert(message.full_name().to_owned()) {
            return;
        }
        for field in message.fields() {
            let place = format!("{path}.{}", field.name());
            if is_personal(&field) {
                faults.push(place.clone());
            }
            if let Kind::Message(inner) = field.kind() {
                walk(&inner, &place, seen, faults);
            }
        }
    }
    let events: Vec<MessageDescriptor> = messages().into_iter().filter(is_event).collect();
    assert!(events.len() > 20, "only {} events found", events.len());
    let mut faults = Vec::new();
    for event in &events {
        walk(event, event.full_name(), &mut BTreeSet::new(), &mut faults);
    }
    assert!(faults.is_empty(), "personal data in events: {}", faults.join(", "));
}

/// Free text and addresses are personal; a field that looks like one must be marked or be listed here with its reason.
#[test]
fn fields_that_name_people_are_marked_personal() {
    let telling = [
        "given_name",
        "family_name",
        "email",
        "phone",
        "description",
        "problem",
        "code",
        "secret",
        "token",
    ];
    let harmless = [
        "support.repair.v1.Provider.code",              // the code of a place
        "support.repair.v1.CreateProviderRequest.code", // the same
    ];
    let faults: Vec<String> = messages()
        .iter()
        .flat_map(|message| message.fields().collect::<Vec<_>>())
        .filter(|field| matches!(field.kind(), Kind::String) && !is_personal(field))
        .filter(|field| {
            telling
                .iter()
                .any(|word| field.name() == *word || field.name().ends_with(&format!("_{word}")))
        })
        .map(|field| field.full_name().to_owned())
        .filter(|name| !harmless.contains(&name.as_str()))
        .filter(|name| {
            ![
                "page_token",
                "country_code",
                "currency_code",
                "model_code",
                "provider_code",
                "diagnosis_code",
            ]
            .iter()
            .any(|known| name.ends_with(known))
        })
        .collect();
    assert!(faults.is_empty(), "not marked personal: {}", faults.join(", "));
}

#[test]
fn personal_messages_print_nothing() {
    use support_proto::support::identity::v1::NewContactPoint;
    let message = NewContactPoint {
        email: "a.b@example.com".into(),
        phone: String::new(),
    };
    assert_eq!(format!("{message:?}"), "NewContactPoint { personal }");
}

/// One line for everything that old callers rely on: a line that changes or goes breaks them.
fn surface() -> String {
    let mut lines = BTreeSet::new();
    for message in messages() {
        for field in message.fields() {
            let kind = match field.kind() {
                Kind::Message(inner) => inner.full_name().to_owned(),
                Kind::Enum(inner) => inner.full_name().to_owned(),
                scalar => format!("{scalar:?}"),
            };
            let many = if field.cardinality() == Cardinality::Repeated {
                "repeated "
            } else {
                ""
            };
            lines.insert(format!(
                "field {} = {} {many}{kind} {}",
                message.full_name(),
                field.number(),
                field.name()
            ));
        }
    }
    for message in messages() {
        lines.extend(standard_lines(&message));
    }
    for kind in enums() {
        for value in kind.values() {
            lines.insert(format!(
                "value {} = {} {}",
                kind.full_name(),
                value.number(),
                value.name()
            ));
        }
    }
    for service in descriptors().services() {
        for method in service.methods() {
            let (client, server) = (method.is_client_streaming(), method.is_server_streaming());
            lines.insert(format!(
                "method {}/{} {} -> {} streams {client} {server}",
                service.full_name(),
                method.name(),
                method.input().full_name(),
                method.output().full_name()
            ));
        }
    }
    lines.into_iter().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{line}");
        all
    })
}

/// What is stored, followed and decided by in all regions at once: the name of a document, whether it takes two people, and how
/// its fields may be departed from. Where one of these changes, what was lawful is not, or what was refused is let pass.
fn standard_lines(message: &MessageDescriptor) -> Vec<String> {
    let option = |name: &str| descriptors().get_extension_by_name(name).unwrap();
    let (standard, departure) = (
        option("support.options.v1.standard"),
        option("support.options.v1.departure"),
    );
    let mut lines = Vec::new();
    let options = message.options();
    if options.has_extension(&standard) {
        let stated = options.get_extension(&standard);
        let part = |name: &str| {
            stated
                .as_message()
                .unwrap()
                .get_field_by_name(name)
                .unwrap()
                .into_owned()
        };
        let eyes = if part("four_eyes").as_bool().unwrap() {
            "four eyes"
        } else {
            "two eyes"
        };
        let name = part("name");
        lines.push(format!(
            "document {} = {} {eyes}",
            message.full_name(),
            name.as_str().unwrap()
        ));
    }
    for field in message.fields() {
        let options = field.options();
        if options.has_extension(&departure) {
            let number = options.get_extension(&departure).as_enum_number().unwrap();
            let rule = Departure::try_from(number).unwrap().as_str_name();
            lines.push(format!("departure {} = {rule}", field.full_name()));
        }
    }
    lines
}

/// The committed baseline may grow, by hand (`SUPPORT_ACCEPT_CONTRACT=1 cargo test -p support-proto`), never shrink.
#[test]
fn nothing_published_is_taken_back() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/v1.txt");
    let now = surface();
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let current: BTreeSet<&str> = now.lines().collect();
    let lost: Vec<&str> = before.lines().filter(|line| !current.contains(line)).collect();
    if std::env::var_os("SUPPORT_ACCEPT_CONTRACT").is_some() {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    assert!(lost.is_empty(), "old callers break on:\n{}", lost.join("\n"));
    let missing = current.len() - before.lines().count();
    assert_eq!(
        missing, 0,
        "{missing} additions are not in the baseline yet: run with SUPPORT_ACCEPT_CONTRACT=1"
    );
}

/// The stand-in for protoc answers with a descriptor of the very file that lies beside it.
#[test]
fn the_validation_rules_are_compiled_from_the_file_beside_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = protox::Compiler::new([root]).unwrap();
    compiler
        .include_imports(true)
        .include_source_info(false)
        .open_file("buf/validate/validate.proto")
        .unwrap();
    let committed = std::fs::read(root.join("buf/validate/validate.binpb")).unwrap();
    assert!(
        compiler.encode_file_descriptor_set() == committed,
        "validate.binpb is not of validate.proto"
    );
}

#[test]
fn every_reason_is_named_in_a_method_comment_or_common() {
    let mut comments = String::new();
    for descriptor in descriptors().files().filter(|file| file.name().starts_with("support/")) {
        let file = descriptor.file_descriptor_proto();
        for (s, service) in (0..).zip(&file.service) {
            for (m, _) in (0..).zip(&service.method) {
                comments.push_str(&comment(file, &[6, s, 2, m]));
                comments.push('\n');
            }
        }
    }
    let known: BTreeMap<String, String> = enums()
        .iter()
        .filter(|kind| kind.name().ends_with("ErrorReason") && kind.name() != "CommonErrorReason")
        .flat_map(|kind| {
            let prefix = format!("{}_", screaming(kind.name()));
            kind.values()
                .filter(|value| value.number() != 0)
                .map(|value| {
                    (
                        value.name().trim_start_matches(&prefix).to_owned(),
                        kind.full_name().to_owned(),
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(known.len() > 25);
    let unnamed: Vec<String> = known
        .iter()
        .filter(|(reason, _)| !comments.contains(reason.as_str()))
        .map(|(r, e)| format!("{e}.{r}"))
        .collect();
    assert!(
        unnamed.is_empty(),
        "no method says it may answer: {}",
        unnamed.join(", ")
    );
}

#[test]
fn every_declared_message_round_trips_through_json() {
    use prost_reflect::DynamicMessage;
    let json = r#"{"requestId":"0198f2c4-0000-7000-8000-000000000000","channel":"CHANNEL_CHAT","subject":"x"}"#;
    let kind = descriptors()
        .get_message_by_name("support.case.v1.OpenCaseRequest")
        .unwrap();
    let mut parser = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(kind, &mut parser).unwrap();
    let typed = support_proto::support::case::v1::OpenCaseRequest::decode(message.encode_to_vec().as_slice()).unwrap();
    assert_eq!(typed.request_id, "0198f2c4-0000-7000-8000-000000000000");
    assert_eq!(typed.subject, "x");
}
