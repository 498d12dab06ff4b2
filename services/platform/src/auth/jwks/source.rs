//! Where keys come from, and how often it may be asked.

use std::{path::PathBuf, time::Duration};

use chrono::TimeDelta;
use reqwest::{Client, Url, redirect::Policy};

use super::{
    Keys,
    document::{self, Unusable},
};

/// Largest document, in bytes. A key set has a few kilobytes.
const LARGEST: usize = 256 * 1024;

/// Longest wait for an address' answer: less than [`crate::hangs::HANGS`], so that whoever waits hears what became of it.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub(super) enum Source {
    Fixed,
    File(PathBuf),
    Url { url: Url, client: Client },
}

impl Source {
    pub(super) fn url(url: &str) -> Result<Self, Unusable> {
        let url: Url = url.parse().map_err(|cause| Unusable::Address(Box::new(cause)))?;
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err(Unusable::Address("keys come over https, or over http from this machine".into()));
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Whoever lost this race finds the same provider installed.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none());
        let client = if loopback { client.no_proxy() } else { client };
        let client = client.build().map_err(|cause| Unusable::Address(Box::new(cause)))?;
        Ok(Self::Url { url, client })
    }

    /// Keys younger than this are not asked for again.
    pub(super) fn fresh(&self) -> TimeDelta {
        match self {
            Self::Fixed => TimeDelta::MAX,
            Self::File(_) => TimeDelta::seconds(3),
            Self::Url { .. } => TimeDelta::minutes(5),
        }
    }

    /// The source is asked at most once in this time, whatever the callers bring (walls.md, "Tokens").
    pub(super) fn rest(&self) -> TimeDelta {
        match self {
            Self::Fixed => TimeDelta::MAX,
            Self::File(_) => TimeDelta::seconds(1),
            Self::Url { .. } => TimeDelta::seconds(30),
        }
    }

    pub(super) async fn load(&self) -> Result<Keys, Unusable> {
        match self {
            Self::Fixed => Err(Unusable::Address("fixed keys are not loaded".into())),
            Self::File(path) => {
                use tokio::io::AsyncReadExt as _;

                let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
                let file = tokio::fs::File::open(path).await.map_err(|cause| Unusable::OutOfReach(Box::new(cause)))?;
                let mut document = Vec::new();
                let read = file.take(limit + 1).read_to_end(&mut document).await;
                read.map_err(|cause| Unusable::OutOfReach(Box::new(cause)))?;
                bounded(&document)
            }
            Self::Url { url, client } => {
                let answer = client.get(url.clone()).send().await.and_then(reqwest::Response::error_for_status);
                let mut answer = answer.map_err(|cause| Unusable::OutOfReach(Box::new(cause)))?;
                let mut document = Vec::new();
                while let Some(piece) = answer.chunk().await.map_err(|cause| Unusable::OutOfReach(Box::new(cause)))? {
                    document.extend_from_slice(&piece);
                    if document.len() > LARGEST {
                        break;
                    }
                }
                bounded(&document)
            }
        }
    }
}

fn bounded(document: &[u8]) -> Result<Keys, Unusable> {
    if document.len() > LARGEST { Err(Unusable::TooLarge) } else { document::parse(document) }
}
