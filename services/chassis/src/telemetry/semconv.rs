//! The names of OpenTelemetry's semantic conventions (1.40) that are used here. The crate of the same name has the ones for
//! RPC behind an experimental feature, and renames them between minor versions.

/// The service's version.
pub const SERVICE_VERSION: &str = "service.version";
/// This process among the replicas.
pub const SERVICE_INSTANCE_ID: &str = "service.instance.id";
/// What all services here belong to.
pub const SERVICE_NAMESPACE: &str = "service.namespace";
/// `development` or `production`.
pub const DEPLOYMENT_ENVIRONMENT_NAME: &str = "deployment.environment.name";
/// The region.
pub const CLOUD_REGION: &str = "cloud.region";

/// Which RPC system: [`RPC_SYSTEM_GRPC`].
pub const RPC_SYSTEM_NAME: &str = "rpc.system.name";
/// gRPC, as the value of [`RPC_SYSTEM_NAME`].
pub const RPC_SYSTEM_GRPC: &str = "grpc";
/// The method in full, `package.Service/Method`.
pub const RPC_METHOD: &str = "rpc.method";
/// The status code's name, `NOT_FOUND`.
pub const RPC_RESPONSE_STATUS_CODE: &str = "rpc.response.status_code";
/// How long a call took at the server, in seconds.
pub const RPC_SERVER_CALL_DURATION: &str = "rpc.server.call.duration";
/// How long a call took at the client, in seconds.
pub const RPC_CLIENT_CALL_DURATION: &str = "rpc.client.call.duration";
/// Where the server is.
pub const SERVER_ADDRESS: &str = "server.address";
/// What kind of error ended an operation.
pub const ERROR_TYPE: &str = "error.type";

/// How many connections a pool has, by [`DB_CLIENT_CONNECTION_STATE`].
pub const DB_CLIENT_CONNECTION_COUNT: &str = "db.client.connection.count";
/// `idle` or `used`.
pub const DB_CLIENT_CONNECTION_STATE: &str = "db.client.connection.state";
/// How many connections a pool may have.
pub const DB_CLIENT_CONNECTION_MAX: &str = "db.client.connection.max";
/// Which pool.
pub const DB_CLIENT_CONNECTION_POOL_NAME: &str = "db.client.connection.pool.name";
/// Which database system.
pub const DB_SYSTEM_NAME: &str = "db.system.name";
