//! What each method demands, and which events are kept, read from the options that stand on them in the proto.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use std::time::Duration;

use prost::Message as _;
use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::support::options::v1::{AssuranceLevel, CallerKind, EventPolicy, Idempotency, MethodPolicy};

/// What one method demands of its caller.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The method's path on the wire: `/package.Service/Method`.
    pub path: String,
    /// The kinds of caller that may call it.
    pub callers: Vec<CallerKind>,
    /// The scope that staff, operators and partners need; empty for none.
    pub scope: String,
    /// The least assurance of a customer, and of what staff show of one.
    pub assurance: AssuranceLevel,
    /// The purposes for which a customer must have been verified; empty for any.
    pub purposes: Vec<String>,
    /// Whether a customer's delegate may call it in the customer's name.
    pub delegates: bool,
    /// Whether staff must show the grant of the customer for whom they call it.
    pub shown_grant: bool,
    /// Whether the call may be sent again.
    pub idempotency: Idempotency,
    /// The longest a call may take.
    pub deadline: Duration,
    /// Whether requests are a stream.
    pub client_streaming: bool,
    /// Whether answers are a stream.
    pub server_streaming: bool,
    /// The method in the descriptors.
    pub method: MethodDescriptor,
}

/// The policies of all methods, by path.
#[must_use]
pub fn policies() -> &'static HashMap<String, Policy> {
    static POLICIES: LazyLock<HashMap<String, Policy>> = LazyLock::new(|| read(crate::descriptors()));
    &POLICIES
}

/// The policy of the method at `path` (`/package.Service/Method`); none where the method is unknown or states no policy.
#[must_use]
pub fn policy(path: &str) -> Option<&'static Policy> {
    policies().get(path)
}

/// The full names of the events that are never pruned.
#[must_use]
pub fn kept_events() -> &'static BTreeSet<String> {
    static KEPT: LazyLock<BTreeSet<String>> = LazyLock::new(|| read_kept(crate::descriptors()));
    &KEPT
}

fn read_kept(pool: &DescriptorPool) -> BTreeSet<String> {
    let Some(option) = pool.get_extension_by_name("support.options.v1.event") else {
        return BTreeSet::new();
    };
    pool.all_messages()
        .filter(|message| {
            let options = message.options();
            options.has_extension(&option)
                && options
                    .get_extension(&option)
                    .as_message()
                    .and_then(|stated| EventPolicy::decode(stated.encode_to_vec().as_slice()).ok())
                    .is_some_and(|stated| stated.kept)
        })
        .map(|message| message.full_name().to_owned())
        .collect()
}

fn read(pool: &DescriptorPool) -> HashMap<String, Policy> {
    let Some(option) = pool.get_extension_by_name("support.options.v1.policy") else {
        return HashMap::new();
    };
    pool.services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter_map(|method| {
            let options = method.options();
            if !options.has_extension(&option) {
                return None;
            }
            let stated =
                MethodPolicy::decode(options.get_extension(&option).as_message()?.encode_to_vec().as_slice()).ok()?;
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let policy = Policy {
                callers: stated.callers().collect(),
                assurance: stated.assurance(),
                idempotency: stated.idempotency(),
                deadline: stated
                    .deadline
                    .and_then(|deadline| deadline.try_into().ok())
                    .unwrap_or_default(),
                scope: stated.scope,
                purposes: stated.purposes,
                delegates: stated.delegates,
                shown_grant: stated.shown_grant,
                client_streaming: method.is_client_streaming(),
                server_streaming: method.is_server_streaming(),
                method,
                path: path.clone(),
            };
            Some((path, policy))
        })
        .collect()
}
