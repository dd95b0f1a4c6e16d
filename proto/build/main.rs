//! Compiles the proto files with cargo alone (protox, no protoc) into messages, clients, servers and field checks, and
//! keeps the descriptors, options and comments included, for reflection, policy and JSON.

mod standard;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, ExtensionDescriptor, FieldDescriptor, MessageDescriptor};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=support");
    println!("cargo::rerun-if-changed=buf");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let files = proto_files(Path::new("support"))?;

    let mut compiler = protox::Compiler::new(["."])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(&files)?;
    // Encoded by the compiler itself: decoding into prost's types first would drop our options.
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptor.bin"), &encoded)?;
    let pool = DescriptorPool::decode(encoded.as_slice())?;
    standard::check(&pool)?;
    let personal = personal_types(&pool)?;

    let mut config = tonic_prost_build::configure()
        .codec_path("crate::codec::CheckedCodec")
        .bytes(".support.feed.v1.Event.payload");
    for name in personal
        .messages
        .iter()
        .chain(personal.oneofs.iter().map(|oneof| &oneof.path))
    {
        config = config.skip_debug([format!(".{name}")]);
    }
    let mut names = tonic_prost_build::Config::new();
    names.enable_type_names();
    config.compile_fds_with_config(compiler.file_descriptor_set(), names)?;

    prost_protovalidate_build::Builder::new()
        .file_descriptor_set_bytes(encoded)
        .fail_on_runtime_only(true)
        .compile()?;
    fs::write(
        out.join("inbound.rs"),
        inbound(&pool, &fs::read_to_string(out.join("validate_impl.rs"))?)?,
    )?;
    fs::write(out.join("redacted_debug.rs"), redacted_debug(&personal)?)?;
    Ok(())
}

/// Every proto file below `folder`, sorted, so that the descriptors do not depend on the file system's order.
fn proto_files(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The generated types that hold a personal field and must not print it.
struct PersonalTypes {
    /// Full names of messages.
    messages: BTreeSet<String>,
    /// Oneofs with a personal member.
    oneofs: Vec<PersonalOneof>,
}

struct PersonalOneof {
    /// `package.Message.oneof`.
    path: String,
    message: String,
    name: String,
}

fn personal_types(pool: &DescriptorPool) -> Result<PersonalTypes, Box<dyn Error>> {
    let option = pool
        .get_extension_by_name("support.options.v1.personal")
        .ok_or("option `personal` is not declared")?;
    let mut types = PersonalTypes {
        messages: BTreeSet::new(),
        oneofs: Vec::new(),
    };
    for message in ours(pool) {
        if message.fields().any(|field| is_personal(&field, &option)) {
            types.messages.insert(message.full_name().to_owned());
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            if oneof.fields().any(|field| is_personal(&field, &option)) {
                types.oneofs.push(PersonalOneof {
                    path: oneof.full_name().to_owned(),
                    message: message.full_name().to_owned(),
                    name: oneof.name().to_owned(),
                });
            }
        }
    }
    Ok(types)
}

fn is_personal(field: &FieldDescriptor, option: &ExtensionDescriptor) -> bool {
    field.options().get_extension(option).as_bool().unwrap_or(false)
}

fn ours(pool: &DescriptorPool) -> impl Iterator<Item = MessageDescriptor> + '_ {
    pool.all_messages()
        .filter(|message| message.full_name().starts_with("support.") && !message.is_map_entry())
}

/// `impl Inbound` for every message (those with rules are checked, those without have nothing to check), `impl Change`
/// for every message with a `request_id`, `impl Event` for every event, `impl StandardDocument` for every document of the
/// standard, which is checked like a request.
fn inbound(pool: &DescriptorPool, validators: &str) -> Result<String, Box<dyn Error>> {
    let event = pool
        .get_extension_by_name("support.options.v1.event")
        .ok_or("option `event` is not declared")?;
    let documents = standard::documents(pool)?;
    let inputs: BTreeSet<String> = pool
        .services()
        .flat_map(|service| {
            service
                .methods()
                .map(|method| method.input().full_name().to_owned())
                .collect::<Vec<_>>()
        })
        .chain(documents.iter().map(|(document, _)| document.full_name().to_owned()))
        .collect();
    let mut code = String::new();
    for (document, stated) in &documents {
        let name = stated
            .get_field_by_name("name")
            .and_then(|name| name.as_str().map(str::to_owned));
        let four_eyes = stated.get_field_by_name("four_eyes").and_then(|eyes| eyes.as_bool());
        let _ = writeln!(
            code,
            "impl crate::codec::StandardDocument for crate::{} {{ const NAME: &'static str = {:?}; const FOUR_EYES: bool = {}; }}",
            rust_path(document.full_name()),
            name.unwrap_or_default(),
            four_eyes.unwrap_or_default()
        );
    }
    for message in ours(pool) {
        let path = rust_path(message.full_name());
        if message.get_field_by_name("request_id").is_some() {
            let _ = writeln!(
                code,
                "impl crate::codec::Change for crate::{path} {{ fn request_id(&self) -> &str {{ &self.request_id }} }}"
            );
        }
        if message.options().has_extension(&event) {
            let _ = writeln!(code, "impl crate::codec::Event for crate::{path} {{}}");
        }
        let marker = format!("for {path} ");
        let check = if inputs.contains(message.full_name()) && validators.contains(&marker) {
            "::prost_protovalidate::Validate::validate(self)"
        } else {
            "Ok(())"
        };
        let _ = writeln!(
            code,
            "impl crate::codec::Inbound for crate::{path} {{ fn check(&self) -> Result<(), ::prost_protovalidate::ValidationError> {{ {check} }} }}"
        );
    }
    Ok(code)
}

/// `impl Debug` that names the type and shows nothing of it.
fn redacted_debug(personal: &PersonalTypes) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    let mut write = |path: &str, shown: &str| {
        writeln!(
            code,
            "impl ::std::fmt::Debug for crate::{path} {{ fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {{ f.write_str(\"{shown} {{ personal }}\") }} }}"
        )
    };
    for message in &personal.messages {
        let name = message.rsplit('.').next().unwrap_or(message);
        write(&rust_path(message), name)?;
    }
    for oneof in &personal.oneofs {
        let (package, name) = oneof.message.rsplit_once('.').unwrap_or(("", &oneof.message));
        write(
            &format!(
                "{}::{}::{}",
                package.replace('.', "::"),
                snake(name),
                pascal(&oneof.name)
            ),
            &pascal(&oneof.name),
        )?;
    }
    Ok(code)
}

/// `support.case.v1.Case` as `support::case::v1::Case`. Our messages are never nested, so only the last part is a type.
fn rust_path(full_name: &str) -> String {
    full_name.replace('.', "::")
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn pascal(name: &str) -> String {
    name.split('_')
        .map(|part| part[..1].to_uppercase() + &part[1..])
        .collect()
}
