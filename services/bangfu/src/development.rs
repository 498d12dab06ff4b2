//! The development ground: a private PostgreSQL with the databases of all services, keys, and an issuer of tokens, all in
//! one folder. For `bangfu up`, the demonstration and tests; a deployment has its own of each.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use bangfu_kernel::{Clock, Role, Township};
use bangfu_people::vault::Vault;
use bangfu_platform::{
    auth::{
        issuer::{Issuer, NewToken},
        jwks::Jwks,
        token,
    },
    db::{
        self,
        migrate::{self, Names},
    },
    peers::TokenSource,
    server, stack,
};
use bangfu_postgres::{Cluster, Options};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sqlx::{Connection as _, PgConnection, migrate::Migrator};

use crate::suite::{FollowupPlan, PeoplePlan, Plan};

/// `iss` of development tokens.
pub const ISSUER: &str = "bangfu-development";
/// `aud` of every token of the suite.
pub const AUDIENCE: &str = "bangfu";
/// The city of the notice: Hai'an.
pub const CITY: &str = "320685";

/// File of a ground's folder in which the heads of audit trails are noted.
pub const ANCHORS: &str = "audit-anchors.jsonl";

/// A development ground.
pub struct Development {
    cluster: Cluster,
    anchors: PathBuf,
    issuer: Arc<Issuer>,
    password: SecretString,
    keys: Keys,
}

/// Keys of one ground: 32 bytes each.
#[derive(Clone)]
struct Keys {
    master: SecretSlice<u8>,
    index: SecretSlice<u8>,
    page: SecretSlice<u8>,
}

impl Development {
    /// Opens the ground in a folder, making what is missing: cluster, databases up to date, keys, issuer.
    pub async fn open(folder: &Path, cluster: impl FnOnce(PathBuf) -> Options) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        let keys = folder.join("keys");
        fs::create_dir_all(&keys)?;
        let keys = Keys {
            master: secret(&keys.join("master.key"))?.into(),
            index: secret(&keys.join("index.key"))?.into(),
            page: secret(&keys.join("page.key"))?.into(),
        };
        let password = SecretString::from(hex(&secret(&folder.join("keys/database.key"))?));
        let issuer = Arc::new(Issuer::in_folder(&folder.join("keys"), ISSUER, AUDIENCE)?);

        let cluster = Cluster::start(cluster(folder.join("postgres"))).await?;
        let ground = Self { cluster, anchors: folder.join(ANCHORS), issuer, password, keys };
        for (service, migrator) in [("people", &bangfu_people::MIGRATOR), ("followup", &bangfu_followup::MIGRATOR)] {
            ground.database(service, migrator).await.with_context(|| format!("the database of {service}"))?;
        }
        Ok(ground)
    }

    async fn database(&self, service: &str, migrator: &Migrator) -> anyhow::Result<()> {
        let names = Names::of(service);
        let mut administrator = PgConnection::connect(&self.cluster.url("postgres")).await?;
        migrate::provision(&mut administrator, &names, &self.password).await?;
        administrator.close().await?;
        migrate::run_migrations(&self.url(&names.owner, &names.database), migrator).await?;
        Ok(())
    }

    /// Everything in one process.
    pub fn plan(&self, listen: std::net::SocketAddr, clock: Clock) -> anyhow::Result<Plan> {
        Ok(Plan {
            listen,
            city: CITY.to_owned(),
            clock,
            tokens: token::Settings::new(ISSUER, AUDIENCE, CITY),
            jwks: Jwks::fixed(&self.issuer.jwks(), Clock::system())?,
            page_key: self.keys.page.clone(),
            people: Some(PeoplePlan {
                database: self.settings("people"),
                master_key: self.keys.master.clone(),
                other_master_keys: Vec::new(),
                index_key: self.keys.index.clone(),
                anchors: Some(self.anchors.clone()),
                jobs: true,
            }),
            followup: Some(FollowupPlan {
                database: self.settings("followup"),
                people_endpoint: None,
                people_tls: None,
                tokens: self.service_tokens(),
                jobs: true,
                sweeps: true,
            }),
            server: server::Settings { lame_duck: Duration::ZERO, ..server::Settings::default() },
            stack: stack::Settings::default(),
        })
    }

    /// How a service reaches its database here.
    pub fn settings(&self, service: &str) -> db::Settings {
        let names = Names::of(service);
        db::Settings {
            service_url: self.url(&names.service, &names.database),
            city_url: self.url(&names.city, &names.database),
            connections: 12,
            development: true,
        }
    }

    /// What the registry seals and hashes with here.
    pub fn vault(&self) -> anyhow::Result<Vault> {
        Ok(Vault::new(self.keys.master.clone(), self.keys.index.clone())?)
    }

    /// A token for a person or program of a township (or, without one, of the city), good for 15 minutes.
    pub fn token(&self, subject: &str, role: Role, township: Option<&Township>, villages: &[String]) -> String {
        let token = NewToken {
            subject: subject.to_owned(),
            city: CITY.to_owned(),
            township: township.cloned(),
            roles: vec![role],
            villages: villages.to_vec(),
            life: Duration::from_mins(15),
        };
        self.issuer.issue(&token, Clock::system().now())
    }

    /// Tokens for the services' calls to each other.
    pub fn service_tokens(&self) -> TokenSource {
        let issuer = Arc::clone(&self.issuer);
        TokenSource::issued(move || {
            let token = NewToken {
                subject: "followup".to_owned(),
                city: CITY.to_owned(),
                township: None,
                roles: vec![Role::Service],
                villages: Vec::new(),
                life: Duration::from_mins(15),
            };
            issuer.issue(&token, Clock::system().now())
        })
    }

    /// The PostgreSQL under it.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Ready when the PostgreSQL under it is gone: nobody listens any more, asked several times in a row.
    pub async fn died(&self) {
        let mut silent = 0;
        while silent < 5 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let answers = tokio::net::TcpStream::connect(("127.0.0.1", self.cluster.port())).await.is_ok();
            silent = if answers { 0 } else { silent + 1 };
        }
    }

    /// Ends the ground's PostgreSQL, unless somebody else uses it.
    pub async fn close(self) -> anyhow::Result<()> {
        self.cluster.stop().await?;
        Ok(())
    }

    fn url(&self, role: &str, database: &str) -> SecretString {
        let (password, port) = (self.password.expose_secret(), self.cluster.port());
        format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}").into()
    }
}

/// The issuer of the ground in a folder, without starting anything: `bangfu token`.
pub fn issuer(folder: &Path) -> anyhow::Result<Issuer> {
    let keys = folder.join("keys");
    anyhow::ensure!(
        keys.is_dir(),
        "请先运行 `make up` there is no development ground in {}: run `make up` first",
        folder.display()
    );
    Ok(Issuer::in_folder(&keys, ISSUER, AUDIENCE)?)
}

/// 32 random bytes kept in a file that only its owner reads; made when it is missing.
fn secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    if !path.exists() {
        let fresh: [u8; 32] = rand::random();
        let beside = path.with_extension("new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&fresh)?;
        file.sync_all()?;
        // Whoever comes first gives the key; it never changes afterwards.
        if let Err(error) = fs::hard_link(&beside, path)
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(error.into());
        }
        fs::remove_file(&beside)?;
    }
    let key = fs::read(path).with_context(|| path.display().to_string())?;
    anyhow::ensure!(key.len() == 32, "{} does not hold 32 bytes", path.display());
    Ok(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
