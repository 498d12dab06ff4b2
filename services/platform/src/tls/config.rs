//! What rustls needs for either side: TLS 1.3 and nothing older, one crypto provider.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::WebPkiClientVerifier,
    version::TLS13,
};

use super::{Texts, Unusable};

/// gRPC speaks HTTP/2; browsers may speak HTTP/1.1.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A server. Without authorities it asks nobody for a certificate; with them it asks everybody and refuses the bad ones,
/// at the handshake. Whether one is needed depends on the call (`auth::layer`).
pub(crate) fn server(texts: &Texts) -> Result<ServerConfig, Unusable> {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
    let builder = match texts.authorities()? {
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
            builder.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
        }
        None => builder.with_no_client_auth(),
    };
    let (chain, key) = texts.identity()?.ok_or(rustls::Error::NoCertificatesPresented)?;
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(config)
}

/// A client, which believes nobody but the authorities.
pub(crate) fn client(texts: &Texts) -> Result<ClientConfig, Unusable> {
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
    let builder = builder.with_root_certificates(texts.authorities()?.unwrap_or_else(RootCertStore::empty));
    let mut config = match texts.identity()? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![PROTOCOLS[0].to_vec()];
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
