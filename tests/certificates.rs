//! Certificates for tests: authorities, and what they issue, good or bad, in a folder of their own.

use std::{fs, path::PathBuf};

use bangfu_platform::tls::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::TempDir;

/// The name that servers of tests have: one that every machine knows.
pub const NAME: &str = "localhost";

/// Who vouches for others.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What is wrong with a certificate, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// It is for somebody else.
    WrongName,
    /// It is for the other end of a connection.
    WrongEnd,
}

/// Which end of a connection shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Who is called.
    Server,
    /// Who calls.
    Client,
}

/// A certificate and its key, PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The chain.
    pub chain: String,
    /// The key.
    pub key: String,
}

impl Authority {
    /// A new one. Two of the same name are foreign to each other.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Bangfu test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("an authority").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What others have to know to believe it, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for one end, good unless a fault is wanted.
    pub fn issue(&self, end: End, fault: Fault) -> Issued {
        let name = if fault == Fault::WrongName { "elsewhere.test" } else { NAME };
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        let mut purpose = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if (end == End::Client) != (fault == Fault::WrongEnd) {
            purpose.reverse();
        }
        params.extended_key_usages = vec![purpose[0].clone()];
        match fault {
            Fault::Expired => params.not_after = date_time_ymd(2021, 3, 1),
            Fault::NotYet => params.not_before = date_time_ymd(2999, 1, 1),
            Fault::None | Fault::WrongName | Fault::WrongEnd => {}
        }
        let key = KeyPair::generate().expect("a key");
        let chain = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Issued { chain, key: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// Files of certificates, which can be written anew.
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("bangfu-tls-").tempdir().expect("a folder"))
    }

    /// Where a file is, or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What stands in it.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Writes a file; where it is.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        // Readers see the old one or the new one, never half of it.
        let (file, beside) = (self.path(name), self.path(&format!("{name}.new")));
        fs::write(&beside, text).expect("written");
        fs::rename(&beside, &file).expect("in its place");
        file
    }

    /// Writes a certificate and its key, one after the other.
    pub fn identity(&self, name: &str, issued: &Issued) -> Identity {
        self.write(&format!("{name}.pem"), &issued.chain);
        self.write(&format!("{name}.key"), &issued.key);
        self.identity_at(name)
    }

    /// Where a certificate and its key are, or would be.
    pub fn identity_at(&self, name: &str) -> Identity {
        Identity { certificate: self.path(&format!("{name}.pem")), key: self.path(&format!("{name}.key")) }
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}
