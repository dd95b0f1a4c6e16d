//! Methods that several services serve under one name, and whose requests say which of them is meant.
//!
//! Such a request has a field with the option `names_service`, its first: `<service>` or `<service>/<more>`. Which methods
//! these are is read from the descriptors; that field is read from the call's bytes before they go on, as they are.

mod peek;
mod scan;

use std::collections::HashMap;

use prost_reflect::{Cardinality, DescriptorPool, ExtensionDescriptor, FieldDescriptor, Kind, MethodDescriptor};
use support_chassis::error::{Answer, Violation};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

pub(crate) use peek::peek;

/// The field option, by its full name.
const OPTION: &str = "support.options.v1.names_service";

/// A method's request names its service in a way that cannot be followed.
#[derive(Debug, thiserror::Error)]
#[error("method {method}: {what}")]
pub struct ContractError {
    /// The method, `/package.Service/Method`.
    pub method: String,
    /// What is wrong.
    pub what: &'static str,
}

/// The field that names the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamingField {
    number: u32,
    name: String,
}

impl NamingField {
    /// The service's name within the field's text.
    pub(crate) fn service(text: &str) -> &str {
        text.split_once('/').map_or(text, |(service, _)| service)
    }

    /// The answer to a request that names no service, or one that is not there. It is a fault of a field, as the service
    /// itself would call a document that it does not have by a form that no name has.
    pub(crate) fn names_nobody(&self) -> Status {
        Answer::common(
            Code::InvalidArgument,
            CommonErrorReason::InvalidFields,
            "fields break their rules",
        )
        .violation(Violation::new(&self.name, "does not begin with the name of a service"))
        .to_status()
    }
}

/// The methods whose requests name their service, by path.
pub(crate) fn naming_fields(pool: &DescriptorPool) -> Result<HashMap<String, NamingField>, ContractError> {
    let Some(option) = pool.get_extension_by_name(OPTION) else {
        return Ok(HashMap::new());
    };
    let methods = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>());
    methods
        .filter_map(|method| {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            match naming_field(&method, &option) {
                Ok(field) => field.map(|field| Ok((path, field))),
                Err(what) => Some(Err(ContractError { method: path, what })),
            }
        })
        .collect()
}

fn naming_field(method: &MethodDescriptor, option: &ExtensionDescriptor) -> Result<Option<NamingField>, &'static str> {
    let request = method.input();
    let mut naming = request.fields().filter(|field| names_service(field, option));
    let Some(field) = naming.next() else { return Ok(None) };
    if naming.next().is_some() {
        return Err("two fields of its request name a service");
    }
    if field.kind() != Kind::String || field.cardinality() == Cardinality::Repeated {
        return Err("the field that names its service is no single text");
    }
    // Messages are written in the order of their fields: what comes first is there with a call's first bytes.
    if request.fields().any(|other| other.number() < field.number()) {
        return Err("the field that names its service is not the first");
    }
    // A stream goes on for longer than one service may be meant, and its answers come from one.
    if method.is_client_streaming() || method.is_server_streaming() {
        return Err("a stream names a service");
    }
    Ok(Some(NamingField {
        number: field.number(),
        name: field.name().to_owned(),
    }))
}

fn names_service(field: &FieldDescriptor, option: &ExtensionDescriptor) -> bool {
    field.options().get_extension(option).as_bool().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_reflect::DynamicMessage;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_method_of_the_standard_names_its_service() {
        let found = naming_fields(support_proto::descriptors()).unwrap();
        let standard = support_proto::descriptors()
            .get_service_by_name("support.standard.v1.StandardService")
            .unwrap();
        for method in standard.methods() {
            let path = format!("/{}/{}", standard.full_name(), method.name());
            let field = &found[&path];
            assert!(["document", "service"].contains(&field.name.as_str()), "{path}");
            assert_eq!(field.number, 1, "{path}");
        }
        assert_eq!(found.len(), standard.methods().len(), "and no other");
    }

    /// A contract with one more method, `/x.S/M`, whose request has these fields.
    fn contract(fields: &Value, stream: &str) -> DescriptorPool {
        let file = json!({
            "name": "x.proto", "package": "x", "syntax": "proto3",
            "dependency": ["support/options/v1/options.proto"],
            "messageType": [{ "name": "Q", "field": fields }, { "name": "A" }],
            "service": [{ "name": "S", "method": [{
                "name": "M", "inputType": ".x.Q", "outputType": ".x.A",
                "clientStreaming": stream == "client", "serverStreaming": stream == "server",
            }] }],
        });
        let mut pool = support_proto::descriptors().clone();
        let kind = pool.get_message_by_name("google.protobuf.FileDescriptorProto").unwrap();
        let file = DynamicMessage::deserialize(kind, file).unwrap();
        pool.decode_file_descriptor_proto(file.encode_to_vec().as_slice())
            .unwrap();
        pool
    }

    fn field(name: &str, number: u32, names: bool) -> Value {
        let mut field = json!({ "name": name, "number": number, "label": "LABEL_OPTIONAL", "type": "TYPE_STRING" });
        if names {
            field["options"] = json!({ "[support.options.v1.names_service]": true });
        }
        field
    }

    #[test]
    fn a_method_is_found_by_the_option_alone() {
        let pool = contract(&json!([field("whose", 3, true), field("other", 4, false)]), "");
        let found = naming_fields(&pool).unwrap();
        assert_eq!(
            found["/x.S/M"],
            NamingField {
                number: 3,
                name: "whose".to_owned()
            }
        );
        let without = contract(&json!([field("whose", 3, false)]), "");
        assert!(!naming_fields(&without).unwrap().contains_key("/x.S/M"));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_before_the_first_call() {
        let one = json!([field("whose", 1, true)]);
        let mut list = field("whose", 1, true);
        list["label"] = json!("LABEL_REPEATED");
        let mut number = field("whose", 1, true);
        number["type"] = json!("TYPE_INT64");
        let cases = [
            (one.clone(), "client", "stream"),
            (one, "server", "stream"),
            (
                json!([field("whose", 1, true), field("who", 2, true)]),
                "",
                "two fields",
            ),
            (
                json!([field("first", 1, false), field("whose", 2, true)]),
                "",
                "not the first",
            ),
            (json!([list]), "", "no single text"),
            (json!([number]), "", "no single text"),
        ];
        for (fields, stream, words) in cases {
            let error = naming_fields(&contract(&fields, stream)).unwrap_err();
            assert_eq!(error.method, "/x.S/M");
            assert!(error.what.contains(words), "{error}");
        }
    }

    #[test]
    fn the_service_stands_before_the_slash() {
        for (text, service) in [
            ("warranty/coverage-terms", "warranty"),
            ("warranty", "warranty"),
            ("a/b/c", "a"),
            ("/b", ""),
            ("", ""),
        ] {
            assert_eq!(NamingField::service(text), service);
        }
    }
}
