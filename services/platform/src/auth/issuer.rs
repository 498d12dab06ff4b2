//! The development issuer: one Ed25519 key, its JWKS document, and tokens. `bangfu up`, the demo and tests use it; a real
//! deployment has an identity provider instead.

use std::{
    fmt, fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    time::Duration,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use bangfu_kernel::{Role, Township, caller::role_word};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Name of the key file within its folder.
const FILE: &str = "issuer.pem";

/// Issues tokens.
pub struct Issuer {
    name: String,
    audience: String,
    pair: Ed25519KeyPair,
    kid: String,
}

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// `sub`
    pub subject: String,
    /// `city`: six digits.
    pub city: String,
    /// `township`; none for city callers and services.
    pub township: Option<Township>,
    /// `roles`
    pub roles: Vec<Role>,
    /// `villages`; left out when empty, which means every village.
    pub villages: Vec<String>,
    /// `exp - iat`
    pub life: Duration,
}

/// The key cannot be made, kept or read.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The folder or the file.
    #[error("the issuer's key file: {0}")]
    File(#[from] io::Error),
    /// Others than its owner may read the file.
    #[error("the issuer's key file is open to others; it must have mode 0600")]
    Open,
    /// The file holds no Ed25519 key.
    #[error("the issuer's key file holds no Ed25519 key in PKCS#8 PEM")]
    Damaged,
    /// No key could be generated.
    #[error("no key could be generated")]
    Generate,
}

impl Issuer {
    /// An issuer whose key lives as long as it does.
    pub fn in_memory(name: impl Into<String>, audience: impl Into<String>) -> Result<Self, NoKey> {
        let pair = Ed25519KeyPair::generate().ok().ok_or(NoKey::Generate)?;
        Ok(Self::with(name.into(), audience.into(), pair))
    }

    /// An issuer whose key stands in `folder`, readable by its owner only; made when it is not there. Two that start at
    /// once end up with one key.
    pub fn in_folder(folder: &Path, name: impl Into<String>, audience: impl Into<String>) -> Result<Self, NoKey> {
        let path = folder.join(FILE);
        if !path.try_exists()? {
            keep(folder, &path)?;
        }
        if fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
            return Err(NoKey::Open);
        }
        let pem = Zeroizing::new(fs::read_to_string(&path)?);
        let base64 = Zeroizing::new(pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>());
        let der = STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new).ok_or(NoKey::Damaged)?;
        let pair = Ed25519KeyPair::from_pkcs8(&der).ok().ok_or(NoKey::Damaged)?;
        Ok(Self::with(name.into(), audience.into(), pair))
    }

    fn with(name: String, audience: String, pair: Ed25519KeyPair) -> Self {
        let kid = thumbprint(&pair);
        Self { name, audience, pair, kid }
    }

    /// `iss` of its tokens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `aud` of its tokens.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The public key as a JWKS document.
    pub fn jwks(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x}]})
            .to_string()
    }

    /// A token, good from `now` (to the second) for its life. Whether anybody accepts it is not this side's to decide.
    pub fn issue(&self, token: &NewToken, now: DateTime<Utc>) -> String {
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": self.kid});
        let iat = now.timestamp();
        let exp = iat.saturating_add_unsigned(token.life.as_secs());
        let mut claims = json!({
            "iss": self.name, "aud": self.audience, "sub": token.subject, "city": token.city,
            "iat": iat, "nbf": iat, "exp": exp,
            "roles": token.roles.iter().map(|role| role_word(*role)).collect::<Vec<_>>(),
        });
        if let Some(township) = &token.township {
            claims["township"] = json!(township);
        }
        if !token.villages.is_empty() {
            claims["villages"] = json!(token.villages);
        }
        let encoded = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name).field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// RFC 7638: names the key by its public part, so that the same key has the same kid after a restart.
fn thumbprint(pair: &Ed25519KeyPair) -> String {
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

/// Writes a new key beside its place and links it there: the place holds a whole key or none, and never a second one.
fn keep(folder: &Path, path: &Path) -> Result<(), NoKey> {
    let pair = Ed25519KeyPair::generate().ok().ok_or(NoKey::Generate)?;
    let der = pair.to_pkcs8().ok().ok_or(NoKey::Generate)?;
    let base64 = Zeroizing::new(STANDARD.encode(der.as_ref()));
    let pem = Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", *base64));

    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{}.pem", thumbprint(&pair)));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
