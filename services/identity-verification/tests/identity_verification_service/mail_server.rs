//! An SMTP server: mailin speaks the protocol, this only moves bytes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mailin::response::{INVALID_CREDENTIALS, NO_MAILBOX, OK};
use mailin::{Action, AuthMechanism, Handler, Response, Session, SessionBuilder};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A message as it came in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) data: String,
}

/// What the server has got, and what it does with the next.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) mails: Mutex<Vec<Mail>>,
    /// So many messages are put off before one is taken.
    pub(crate) puts_off: AtomicUsize,
    /// How many were put off.
    pub(crate) put_off: AtomicUsize,
    /// Who has no mailbox.
    pub(crate) no_mailbox: Mutex<Option<String>>,
    /// Everybody of whom it heard, by whatever command.
    pub(crate) heard: Mutex<Vec<String>>,
}

struct Postman {
    inbox: Arc<Inbox>,
    open: Mail,
}

const USER: &str = "support";
const PASSWORD: &str = "open sesame";
/// As a server that has too much to do answers: RFC 5321, 4.2.3.
const BUSY: Response = mailin::response::NO_SERVICE;

impl Handler for Postman {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.inbox.heard.lock().unwrap().push(from.to_owned());
        self.open = Mail {
            from: from.to_owned(),
            ..Mail::default()
        };
        OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if self.inbox.no_mailbox.lock().unwrap().as_deref() == Some(to) {
            return NO_MAILBOX;
        }
        self.open.to.push(to.to_owned());
        OK
    }

    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open.data.push_str(&String::from_utf8_lossy(bytes));
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let fewer = |left: usize| left.checked_sub(1);
        if self
            .inbox
            .puts_off
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
            .is_ok()
        {
            self.inbox.put_off.fetch_add(1, Ordering::SeqCst);
            return BUSY;
        }
        self.inbox.mails.lock().unwrap().push(std::mem::take(&mut self.open));
        OK
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        if (user, password) == (USER, PASSWORD) {
            mailin::response::AUTH_OK
        } else {
            INVALID_CREDENTIALS
        }
    }
}

/// Serves on a port of its own.
pub(crate) async fn serve() -> (SocketAddr, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut builder = SessionBuilder::new("mail.test");
    builder
        .enable_auth(AuthMechanism::Plain)
        .insecure_enable_plaintext_auth();
    let shared = Arc::clone(&inbox);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let postman = Postman {
                inbox: Arc::clone(&shared),
                open: Mail::default(),
            };
            let session = builder.build(IpAddr::V4(Ipv4Addr::LOCALHOST), postman);
            tokio::spawn(async move { talk(stream, session).await });
        }
    });
    (address, inbox)
}

async fn talk(stream: TcpStream, mut session: Session<Postman>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer = session.process(&line);
        match answer.action {
            Action::NoReply => {}
            Action::Close => return stream.write_all(&answer.buffer()?).await,
            _ => stream.write_all(&answer.buffer()?).await?,
        }
    }
}
