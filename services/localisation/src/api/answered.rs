//! Methods of a service that answer what a function of the same request answers.

/// Implements a service: each method answers what a function of its implementation answers to the request, and is handed the
/// call too where that is asked for.
macro_rules! answered {
    ($service:ident for $api:ident: $($method:ident: $request:ident -> $response:ident by $function:ident $(($call:ident))?;)*) => {
        #[tonic::async_trait]
        impl $service for $api {
            $(async fn $method(
                &self,
                request: tonic::Request<wire::$request>,
            ) -> Result<tonic::Response<wire::$response>, tonic::Status> {
                $(let $call = support_chassis::call::Call::of(&request)?;)?
                Ok(tonic::Response::new(self.$function($(&$call,)? request.get_ref()).await?))
            })*
        }
    };
}

pub(super) use answered;
