//! A localisation service of the test's own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use support_proto::support::localisation::v1::message_service_server::{MessageService, MessageServiceServer};
use support_proto::support::localisation::v1::{
    GetCatalogueRequest, GetCatalogueResponse, PublishMessagesRequest, PublishMessagesResponse, RenderMessageRequest,
    RenderMessageResponse, RenderMessagesRequest, RenderMessagesResponse,
};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// What it was asked and how it answers.
#[derive(Default)]
pub(crate) struct Localisation {
    pub(crate) fails: AtomicBool,
    pub(crate) asked: Mutex<Vec<RenderMessageRequest>>,
}

/// Serves it on a port of its own.
pub(crate) async fn serve() -> (SocketAddr, Arc<Localisation>) {
    let localisation = Arc::new(Localisation::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tonic::transport::Server::builder()
        .add_service(MessageServiceServer::from_arc(Arc::clone(&localisation)))
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);
    (address, localisation)
}

#[tonic::async_trait]
impl MessageService for Localisation {
    async fn render_message(
        &self,
        request: Request<RenderMessageRequest>,
    ) -> Result<Response<RenderMessageResponse>, Status> {
        assert!(
            request.metadata().contains_key("x-support-passport"),
            "a service calls in its own name"
        );
        let request = request.into_inner();
        self.asked.lock().unwrap().push(request.clone());
        if self.fails.load(Ordering::SeqCst) {
            return Err(Status::internal("the catalogue is on fire"));
        }
        let argument = |name: &str| request.arguments.iter().find(|argument| argument.name == name).unwrap();
        let code = argument("code").text.clone().unwrap();
        let minutes = argument("minutes").number.unwrap();
        let locale = request.languages[0].clone();
        let text = match request.key.as_str() {
            "verification.code.subject" => format!("{locale}: ご確認コード"),
            "verification.code.body" => format!("{locale}: \u{2068}{code}\u{2069} · {minutes}\n"),
            other => panic!("no such message: {other}"),
        };
        Ok(Response::new(RenderMessageResponse {
            text,
            locale,
            ..RenderMessageResponse::default()
        }))
    }

    async fn render_messages(
        &self,
        _: Request<RenderMessagesRequest>,
    ) -> Result<Response<RenderMessagesResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn get_catalogue(&self, _: Request<GetCatalogueRequest>) -> Result<Response<GetCatalogueResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn publish_messages(
        &self,
        _: Request<PublishMessagesRequest>,
    ) -> Result<Response<PublishMessagesResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}
