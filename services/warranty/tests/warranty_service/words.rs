//! A localisation service of the test's own: it writes the key, the language and the names of the values.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use support_proto::support::localisation::v1::message_service_server::{MessageService, MessageServiceServer};
use support_proto::support::localisation::v1::{
    Direction, GetCatalogueRequest, GetCatalogueResponse, PublishMessagesRequest, PublishMessagesResponse,
    RenderMessageRequest, RenderMessageResponse, RenderMessagesRequest, RenderMessagesResponse, RenderedText,
};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

#[derive(Default)]
pub(crate) struct Localisation {
    /// How many messages were asked for in each call so far.
    pub(crate) asked: Mutex<Vec<usize>>,
    /// Whether it never answers.
    pub(crate) hangs: AtomicBool,
    /// Whether it fails.
    pub(crate) fails: AtomicBool,
}

/// Where it listens, and what it has seen.
pub(crate) async fn serve() -> (String, Arc<Localisation>) {
    let localisation = Arc::new(Localisation::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tonic::transport::Server::builder()
        .add_service(MessageServiceServer::from_arc(Arc::clone(&localisation)))
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);
    (format!("http://{address}"), localisation)
}

#[tonic::async_trait]
impl MessageService for Localisation {
    async fn render_messages(
        &self,
        request: Request<RenderMessagesRequest>,
    ) -> Result<Response<RenderMessagesResponse>, Status> {
        let request = request.into_inner();
        self.asked.lock().unwrap().push(request.messages.len());
        if self.fails.load(Ordering::SeqCst) {
            return Err(Status::internal("the catalogue is on fire"));
        }
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let language = &request.languages[0];
        let texts = request.messages.iter().map(|message| {
            let names: Vec<&str> = message
                .arguments
                .iter()
                .map(|argument| argument.name.as_str())
                .collect();
            RenderedText {
                text: format!("{language}: {} ({})", message.key, names.join(" ")),
                locale: language.clone(),
                direction: Direction::LeftToRight.into(),
                degradations: Vec::new(),
                key: message.key.clone(),
                version: 1,
            }
        });
        Ok(Response::new(RenderMessagesResponse { texts: texts.collect() }))
    }

    async fn render_message(
        &self,
        _: Request<RenderMessageRequest>,
    ) -> Result<Response<RenderMessageResponse>, Status> {
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
