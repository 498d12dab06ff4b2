//! Certificates and keys as they lie in files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use zeroize::Zeroizing;

use super::{Identity, PeerTls, ServerTls, Unusable};

/// Which files.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(super) identity: Option<Identity>,
    pub(super) authorities: Option<PathBuf>,
}

/// What stood in them, all read together.
#[derive(PartialEq, Eq)]
pub(crate) struct Texts {
    identity: Option<[Text; 2]>,
    authorities: Option<Text>,
}

#[derive(PartialEq, Eq)]
struct Text {
    file: PathBuf,
    pem: Zeroizing<Vec<u8>>,
}

impl From<&ServerTls> for Files {
    fn from(tls: &ServerTls) -> Self {
        Self { identity: Some(tls.identity.clone()), authorities: tls.client_ca.clone() }
    }
}

impl From<&PeerTls> for Files {
    fn from(tls: &PeerTls) -> Self {
        Self { identity: tls.identity.clone(), authorities: Some(tls.ca.clone()) }
    }
}

impl Files {
    pub(super) fn read(&self) -> Result<Texts, Unusable> {
        let identity = self.identity.as_ref();
        let identity = identity.map(|own| Ok::<_, Unusable>([Text::read(&own.certificate)?, Text::read(&own.key)?]));
        let authorities = self.authorities.as_deref().map(Text::read);
        Ok(Texts { identity: identity.transpose()?, authorities: authorities.transpose()? })
    }
}

impl Texts {
    /// Our own chain and key.
    pub(super) fn identity(&self) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, Unusable> {
        let Some([chain, key]) = &self.identity else { return Ok(None) };
        let private = PrivateKeyDer::from_pem_slice(&key.pem).ok().ok_or_else(|| key.lacks("private key"))?;
        Ok(Some((chain.certificates()?, private)))
    }

    /// Who vouches for others.
    pub(super) fn authorities(&self) -> Result<Option<RootCertStore>, Unusable> {
        let Some(text) = &self.authorities else { return Ok(None) };
        let mut roots = RootCertStore::empty();
        for certificate in text.certificates()? {
            roots.add(certificate)?;
        }
        Ok(Some(roots))
    }
}

impl Text {
    fn read(file: impl AsRef<Path>) -> Result<Self, Unusable> {
        let file = file.as_ref().to_owned();
        match fs::read(&file) {
            Ok(pem) => Ok(Self { file, pem: pem.into() }),
            Err(source) => Err(Unusable::OutOfReach { file, source }),
        }
    }

    /// All of them: one that cannot be read spoils the file.
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Unusable> {
        let certificates = CertificateDer::pem_slice_iter(&self.pem).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.ok().filter(|certificates| !certificates.is_empty());
        certificates.ok_or_else(|| self.lacks("certificates"))
    }

    fn lacks(&self, what: &'static str) -> Unusable {
        Unusable::NotPem { file: self.file.clone(), what }
    }
}
