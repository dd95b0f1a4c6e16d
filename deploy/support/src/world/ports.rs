//! Where a world listens.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::bail;
use tokio::net::TcpListener;

use crate::services::SERVICES;

/// How far PostgreSQL stands from the gateway.
const POSTGRES_OFFSET: u16 = 10;

/// The ports of a world: all on the loopback address.
#[derive(Debug, Clone, Copy)]
pub struct Ports(Option<u16>);

impl Ports {
    /// The gateway on `base`, the services on the next six, PostgreSQL on `base + 10`.
    #[must_use]
    pub const fn from_base(base: u16) -> Self {
        Self(Some(base))
    }

    /// Any free ports.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// PostgreSQL's; 0 for any.
    #[must_use]
    pub const fn postgres(self) -> u16 {
        match self.0 {
            Some(base) => base.saturating_add(POSTGRES_OFFSET),
            None => 0,
        }
    }

    /// Takes all ports but PostgreSQL's, each with its owner's name.
    pub(super) async fn bind(self) -> anyhow::Result<Vec<(&'static str, TcpListener)>> {
        let owners = [support_gateway::NAME]
            .into_iter()
            .chain(SERVICES.iter().map(|service| service.name));
        let mut bound = Vec::new();
        for (offset, owner) in (0_u16..).zip(owners) {
            let Some(port) = self.0.map_or(Some(0), |base| base.checked_add(offset)) else {
                bail!("the ports would go past 65535: choose a smaller --port-base");
            };
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            match TcpListener::bind(address).await {
                Ok(listener) => bound.push((owner, listener)),
                Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
                    "port {port} for {owner} is taken by another program (perhaps another `support up`): choose other \
                     ports with --port-base, and another --data-dir for a second system"
                ),
                Err(error) => return Err(anyhow::Error::new(error).context(format!("cannot listen on {address}"))),
            }
        }
        Ok(bound)
    }
}
