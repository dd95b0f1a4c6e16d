//! The contract of the support platform, compiled from the proto files beside this crate.
//!
//! - [`support`] holds the messages, clients and servers, a module a package.
//! - [`codec`] is the codec of every generated client and server: it checks each request against the field rules of the
//!   proto before any handler sees it.
//! - [`policy`] reads what each method demands from the method's options.
//! - [`descriptors`] gives the compiled descriptors, for reflection and JSON.
//!
//! A message with a personal field prints nothing of itself through `Debug`.

pub mod codec;
pub mod policy;

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

/// The encoded `google.protobuf.FileDescriptorSet` of the whole contract, imports, options and comments included.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// The descriptors of the whole contract, decoded once.
///
/// # Panics
///
/// Never: the bytes were made by the build from the same compiler.
#[must_use]
pub fn descriptors() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the build wrote a valid descriptor set"));
    &POOL
}

/// The packages of the contract.
#[allow(clippy::all, clippy::pedantic, missing_docs)] // generated
pub mod support {
    macro_rules! package {
        ($name:ident) => {
            #[doc = concat!("Package `support.", stringify!($name), ".v1`.")]
            pub mod $name {
                pub mod v1 {
                    include!(concat!(env!("OUT_DIR"), "/support.", stringify!($name), ".v1.rs"));
                }
            }
        };
    }
    package!(case);
    package!(feed);
    package!(identity);
    package!(localisation);
    package!(options);
    package!(privacy);
    package!(repair);
    package!(routing);
    package!(standard);
    package!(types);
    package!(warranty);
}

mod generated {
    include!(concat!(env!("OUT_DIR"), "/redacted_debug.rs"));
    include!(concat!(env!("OUT_DIR"), "/inbound.rs"));
}

#[allow(clippy::all, clippy::pedantic, unused_mut)] // generated
mod checks {
    use crate::support;

    include!(concat!(env!("OUT_DIR"), "/validate_impl.rs"));
}
