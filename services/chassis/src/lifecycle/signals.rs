//! What the operating system asks.

use tokio::signal::unix::{SignalKind, signal};

use super::Lifecycle;

impl Lifecycle {
    /// Listens for SIGTERM and SIGINT from now on: the first drains, a second stops at once.
    ///
    /// # Errors
    ///
    /// Where the handlers cannot be installed.
    pub fn listen_for_signals(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let life = self.clone();
        // Not one of the life's own tasks: it must be there to hear the second signal while those end.
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                if life.is_draining() {
                    tracing::warn!(signal = name, "asked again, stopping at once");
                    life.abort();
                } else {
                    life.drain(name);
                }
            }
        });
        Ok(())
    }
}
