//! Which addresses are asked that others have named.
//!
//! Whoever may name an address that this process then asks could name one that only this process reaches: a neighbour, the machine
//! itself, what a cloud tells its machines (server-side request forgery, OWASP API7:2023). What a name stands for says only the
//! lookup, and the next lookup may say something else. So it is looked at where a connection is made, of the very addresses that it is
//! made to.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;
use url::Host;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Networks of IPv4 that are for something else than hosts on the Internet: IANA's registry of special-purpose addresses
/// (RFC 6890), multicast (RFC 5771) and what is reserved (RFC 1112, section 4).
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// What IANA gives to hosts on the Internet (RFC 4291, section 2.4). All else, loopback, link-local, unique local, multicast and what
/// stands for an address of IPv4 (`::ffff:0:0/96`), is none of it.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks within that which are for something else all the same: protocols (Teredo, benchmarks, ORCHID), documentation, 6to4.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// What a translator makes of addresses of IPv4 (RFC 6052): in a network of IPv6 alone every host of IPv4 has one.
const TRANSLATED: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// An address was named that is not on the Internet, but inside somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is not public")]
pub(super) struct NotPublic;

/// What is asked of the addresses that are to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing: the operator has named them.
    Anywhere,
    /// That they are public.
    PublicAlone,
}

impl Reach {
    /// Whether a host names an address of its own that is not to be asked, however it is written (`127.1`, `0x7f000001`). What other
    /// names stand for is not known before they are looked up.
    pub(super) fn refuses(self, url: &str) -> bool {
        let host = url::Url::parse(url)
            .ok()
            .and_then(|url| url.host().map(|host| host.to_owned()));
        self == Self::PublicAlone
            && match host {
                Some(Host::Ipv4(address)) => !is_public(address.into()),
                Some(Host::Ipv6(address)) => !is_public(address.into()),
                // Stands for the machine itself, whoever is asked (RFC 6761, section 6.3).
                Some(Host::Domain(name)) => {
                    let name = name.trim_end_matches('.');
                    name == "localhost" || name.ends_with(".localhost")
                }
                None => false,
            }
    }

    /// Of the addresses of a host those that are to be asked.
    fn kept(self, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
        let kept: Vec<_> = found
            .filter(|address| self == Self::Anywhere || is_public(address.ip()))
            .collect();
        if kept.is_empty() { Err(NotPublic) } else { Ok(kept) }
    }
}

/// Whether an address is that of a host on the Internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            if is_in_v6(address, TRANSLATED) {
                let [.., a, b, c, d] = address.octets();
                return is_public_v4(Ipv4Addr::new(a, b, c, d));
            }
            is_in_v6(address, GLOBAL_V6) && !SPECIAL_V6.iter().any(|network| is_in_v6(address, *network))
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |(network, length): &(Ipv4Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (32 - length) == 0;
    !SPECIAL_V4.iter().any(is_in)
}

fn is_in_v6(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - length) == 0
}

/// Looks names up, or connects, and keeps to what is to be asked.
#[derive(Debug, Clone)]
pub(super) struct Guarded<S> {
    inner: S,
    reach: Reach,
}

impl<S> Guarded<S> {
    pub(super) fn new(inner: S, reach: Reach) -> Self {
        Self { inner, reach }
    }
}

/// Names: only what is public of what they stand for is connected to.
impl<S> Service<Name> for Guarded<S>
where
    S: Service<Name>,
    S::Response: Iterator<Item = SocketAddr>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (reach, looking_up) = (self.reach, self.inner.call(name));
        Box::pin(async move {
            let found = looking_up.await.map_err(Into::into)?;
            Ok(reach.kept(found)?.into_iter())
        })
    }
}

/// Addresses: a host that is one is not looked up.
impl<S> Service<Uri> for Guarded<S>
where
    S: Service<Uri>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if self.reach == Reach::PublicAlone && literal.is_ok_and(|address| !is_public(address)) {
            return Box::pin(async { Err(NotPublic.into()) });
        }
        let connecting = self.inner.call(uri);
        Box::pin(async move { connecting.await.map_err(Into::into) })
    }
}

/// Whether an attempt failed because the address is not public.
pub(super) fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<NotPublic>)
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hyper_util::client::legacy::connect::HttpConnector;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn what_is_not_on_the_internet_is_not_public() {
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.9",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_is_on_the_internet_is_public_up_to_the_edges() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "64:ff9b::8.8.8.8",
            "2000::1",
            "2001:200::1",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1111",
            "3ffe:ffff::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_address_is_known_however_it_is_written() {
        for url in [
            "https://127.0.0.1/keys",
            "https://127.1/keys",
            "https://0x7f000001/keys",
            "https://2130706433/keys",
            "https://0177.0.0.1/keys",
            "https://[::1]/keys",
            "https://[::ffff:7f00:1]:8443/keys",
            "https://fixers.example@10.0.0.1/keys",
            "https://localhost/keys",
            "https://LOCALHOST./keys",
            "https://keys.localhost:1/",
        ] {
            assert!(Reach::PublicAlone.refuses(url), "{url}");
            assert!(!Reach::Anywhere.refuses(url), "{url}");
        }
        for url in [
            "https://fixers.example/keys",
            "https://8.8.8.8/keys",
            "https://localhost.example/",
        ] {
            assert!(!Reach::PublicAlone.refuses(url), "{url}");
        }
    }

    #[test]
    fn of_a_host_with_both_only_what_is_public_is_asked() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (inside, outside) = (at("10.0.0.1:0"), at("8.8.8.8:0"));
        let kept = |found: &[SocketAddr]| Reach::PublicAlone.kept(found.iter().copied());
        assert_eq!(kept(&[inside, outside]), Ok(vec![outside]));
        assert_eq!(kept(&[inside]), Err(NotPublic));
        assert_eq!(Reach::Anywhere.kept([inside].into_iter()), Ok(vec![inside]));
    }

    /// A name that stands for something public when it is first looked up, and for the machine itself from then on.
    #[derive(Clone)]
    struct Rebinding(Arc<AtomicUsize>);

    impl Service<Name> for Rebinding {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = BoxError;
        type Future = std::future::Ready<Result<Self::Response, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let looks = self.0.fetch_add(1, Ordering::SeqCst);
            let address = if looks == 0 { "8.8.8.8:0" } else { "127.0.0.1:0" };
            ready(Ok(vec![address.parse().unwrap()].into_iter()))
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_what_it_stands_for_leads_nowhere() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let looks = Arc::new(AtomicUsize::new(0));
        // Somebody looked first, and found it public.
        let mut names = Guarded::new(Rebinding(Arc::clone(&looks)), Reach::PublicAlone);
        let name: Name = "fixers.example".parse().unwrap();
        let found = names.ready().await.unwrap().call(name).await.unwrap();
        assert_eq!(found.collect::<Vec<_>>(), ["8.8.8.8:0".parse().unwrap()]);
        let connector = Guarded::new(HttpConnector::new_with_resolver(names), Reach::PublicAlone);
        let uri: Uri = format!("http://fixers.example:{port}/keys").parse().unwrap();
        let refused = connector.clone().oneshot(uri.clone()).await.unwrap_err();
        assert!(is_refused(refused.as_ref()), "{refused:?}");
        // The same without the guard gets there, so the guard it was.
        let open = Guarded::new(Rebinding(looks), Reach::Anywhere);
        let open = Guarded::new(HttpConnector::new_with_resolver(open), Reach::Anywhere);
        assert!(open.oneshot(uri).await.is_ok());
    }
}
