//! `bangfu serve SERVICE`: one service a process, as Kubernetes runs them. `bangfu migrate SERVICE`: its schema, as owner.
//!
//! Settings come as flags or from the environment; secrets come as files.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, bail};
use bangfu::suite::{FollowupPlan, PeoplePlan, Plan, Suite};
use bangfu_kernel::{Clock, Township};
use bangfu_platform::{
    auth::{jwks::Jwks, token},
    db::{
        self,
        migrate::{self, Stands},
    },
    id,
    peers::TokenSource,
    server::{self, stop_signal},
    stack,
    telemetry::{self, LogFormat},
    tls::{Identity, PeerTls, ServerTls},
};
use clap::ValueEnum;
use secrecy::{SecretSlice, SecretString};

/// The services that can run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    /// 人员台账
    People,
    /// 跟踪服务
    Followup,
}

/// How to run one.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// Which one.
    service: Service,
    /// Where to listen.
    #[arg(long, env = "BANGFU_LISTEN", default_value = "0.0.0.0:50051")]
    listen: SocketAddr,
    /// The city: six digits.
    #[arg(long, env = "BANGFU_CITY", default_value = "320685")]
    city: String,
    /// File with the URL of the database, as the service role.
    #[arg(long, env = "BANGFU_DATABASE_URL_FILE")]
    database_url_file: PathBuf,
    /// File with the URL of the database, as the city's reading role.
    #[arg(long, env = "BANGFU_CITY_DATABASE_URL_FILE")]
    city_database_url_file: PathBuf,
    /// Connections to the database. For each, eight calls are at work at once; more are refused.
    #[arg(long, env = "BANGFU_CONNECTIONS", default_value_t = 20)]
    connections: u32,
    /// Accept a database without TLS and with fsync off. For development only.
    #[arg(long, env = "BANGFU_DEVELOPMENT")]
    development: bool,
    /// `iss` of tokens.
    #[arg(long, env = "BANGFU_ISSUER")]
    issuer: String,
    /// `aud` of tokens.
    #[arg(long, env = "BANGFU_AUDIENCE", default_value = "bangfu")]
    audience: String,
    /// JWKS: an https URL or a file.
    #[arg(long, env = "BANGFU_JWKS")]
    jwks: String,
    /// File with the 32-byte key of page tokens.
    #[arg(long, env = "BANGFU_PAGE_KEY_FILE")]
    page_key_file: PathBuf,
    /// People: file with the 32-byte master key.
    #[arg(long, env = "BANGFU_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// People: file with another 32-byte master key that is accepted, too, while the master key changes.
    #[arg(long, env = "BANGFU_OTHER_MASTER_KEY_FILE")]
    other_master_key_file: Option<PathBuf>,
    /// People: file outside the database where heads of audit trails are noted, for `bangfu audit verify`.
    #[arg(long, env = "BANGFU_AUDIT_ANCHORS")]
    audit_anchors: Option<PathBuf>,
    /// People: file with the 32-byte key of the blind index.
    #[arg(long, env = "BANGFU_INDEX_KEY_FILE")]
    index_key_file: Option<PathBuf>,
    /// Followup: where people is.
    #[arg(long, env = "BANGFU_PEOPLE_ENDPOINT")]
    people_endpoint: Option<String>,
    /// Followup: certificates (PEM) that vouch for people at an https endpoint.
    #[arg(long, env = "BANGFU_PEOPLE_CA_FILE")]
    people_ca: Option<PathBuf>,
    /// Followup: certificate chain (PEM) that it shows to people, which asks for one when it has `--client-ca-file`.
    #[arg(long, env = "BANGFU_CLIENT_CERTIFICATE_FILE", requires_all = ["client_key_file", "people_ca"])]
    client_certificate_file: Option<PathBuf>,
    /// Followup: private key (PEM) of that certificate.
    #[arg(long, env = "BANGFU_CLIENT_KEY_FILE", requires = "client_certificate_file")]
    client_key_file: Option<PathBuf>,
    /// Followup: file with the service's token, renewed from outside.
    #[arg(long, env = "BANGFU_SERVICE_TOKEN_FILE")]
    service_token_file: Option<PathBuf>,
    /// Followup: do not sweep by itself; another replica does, or RunSweep.
    #[arg(long, env = "BANGFU_NO_SWEEPS")]
    no_sweeps: bool,
    /// Certificate chain (PEM) of this server: TLS 1.3; plain text without one. Like all certificates and keys here it is
    /// taken up without a restart when the file changes.
    #[arg(long, env = "BANGFU_TLS_CERTIFICATE_FILE", requires = "tls_key_file")]
    tls_certificate_file: Option<PathBuf>,
    /// Private key (PEM) of this server.
    #[arg(long, env = "BANGFU_TLS_KEY_FILE", requires = "tls_certificate_file")]
    tls_key_file: Option<PathBuf>,
    /// Certificates (PEM) that vouch for services (mTLS): tokens of services are then good only on connections that show
    /// a certificate of theirs. People's tokens need none.
    #[arg(long, env = "BANGFU_CLIENT_CA_FILE", requires = "tls_certificate_file")]
    client_ca_file: Option<PathBuf>,
    /// Do not tell the contract by reflection.
    #[arg(long, env = "BANGFU_NO_REFLECTION")]
    no_reflection: bool,
    /// What is logged.
    #[arg(long, env = "BANGFU_LOG", default_value = "info")]
    log: String,
    /// Where traces go: an OTLP endpoint (gRPC).
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// Where Prometheus may fetch metrics.
    #[arg(long, env = "BANGFU_METRICS", default_value = "0.0.0.0:9464")]
    metrics: SocketAddr,
}

/// Whose schema to bring up to date.
#[derive(Debug, clap::Args)]
pub(crate) struct MigrateSettings {
    /// Which service's.
    service: Service,
    /// File with the URL of the database, as the owner. The only place where the owner's password is needed.
    #[arg(long, env = "BANGFU_OWNER_URL_FILE")]
    owner_url_file: PathBuf,
    /// The database was restored from a backup: whoever follows its feeds is told (FEED_EPOCH_CHANGED), for what came after
    /// the backup is gone. Once after every restore, before the service serves again. Prints where each feed stands then:
    /// township, epoch, number.
    #[arg(long)]
    restored: bool,
    /// Of follow-up: the registry's database was restored, both sides have been compared, and follow-up shall go on from
    /// there. The file is what `bangfu migrate people --restored` printed.
    #[arg(long, value_name = "FILE")]
    registry_restored: Option<PathBuf>,
}

/// Runs until it is told to stop.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let telemetry = telemetry::init(&telemetry::Settings {
        service: settings.service.word().to_owned(),
        log_format: LogFormat::Json,
        filter: settings.log.clone(),
        otlp_endpoint: settings.otlp_endpoint.clone(),
        metrics_addr: Some(settings.metrics),
    })?;
    let signal = stop_signal()?;
    let plan = plan(&settings)?;
    plan.jwks.look();
    let suite = Suite::start(plan).await?;
    tracing::info!(service = settings.service.word(), address = %suite.address, "serving");
    let stopped = suite.until(signal).await;
    telemetry.shutdown().await;
    tracing::info!(how = ?stopped?, "stopped");
    Ok(())
}

/// Brings the schema up to date.
pub(crate) async fn migrate(settings: MigrateSettings) -> anyhow::Result<()> {
    let migrator = match settings.service {
        Service::People => &bangfu_people::MIGRATOR,
        Service::Followup => &bangfu_followup::MIGRATOR,
    };
    let owner_url = text(&settings.owner_url_file)?;
    migrate::run_migrations(&owner_url, migrator).await?;
    println!("{}: the schema is up to date", settings.service.word());
    if settings.restored {
        let feeds = migrate::restored(&owner_url, id::new(&Clock::system())).await?;
        println!("{}: {} feeds have a new epoch", settings.service.word(), feeds.len());
        for Stands { township, epoch, seq } in feeds {
            println!("{township} {epoch} {seq}");
        }
    }
    if let Some(file) = settings.registry_restored {
        if settings.service != Service::Followup {
            bail!("--registry-restored is of followup: it is what follows the registry");
        }
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let feeds = stands(&text).with_context(|| file.display().to_string())?;
        let followed = bangfu_followup::registry_restored(&owner_url, &feeds).await?;
        println!("followup: {followed} townships go on where the restored registry stands");
    }
    Ok(())
}

/// What `bangfu migrate people --restored` printed.
fn stands(text: &str) -> anyhow::Result<Vec<Stands>> {
    let feeds: Vec<_> = text.lines().filter(|line| !line.starts_with("people: ") && !line.trim().is_empty()).collect();
    anyhow::ensure!(!feeds.is_empty(), "no feed is named");
    let of = |line: &str| {
        let mut words = line.split_whitespace();
        let township = words.next()?.parse::<Township>().ok()?.to_string();
        let (epoch, seq) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        words.next().is_none().then_some(Stands { township, epoch, seq })
    };
    feeds.into_iter().map(|line| of(line).with_context(|| format!("not `TOWNSHIP EPOCH NUMBER`: {line}"))).collect()
}

fn plan(settings: &Settings) -> anyhow::Result<Plan> {
    let database = db::Settings {
        service_url: text(&settings.database_url_file)?,
        city_url: text(&settings.city_database_url_file)?,
        connections: settings.connections,
        development: settings.development,
    };
    let (mut people, mut followup) = (None, None);
    match settings.service {
        Service::People => {
            people = Some(PeoplePlan {
                database,
                master_key: key(settings.master_key_file.as_ref().context("people needs --master-key-file")?)?,
                other_master_keys: settings.other_master_key_file.iter().map(key).collect::<Result<_, _>>()?,
                index_key: key(settings.index_key_file.as_ref().context("people needs --index-key-file")?)?,
                anchors: settings.audit_anchors.clone(),
                jobs: true,
            });
        }
        Service::Followup => {
            let token = settings.service_token_file.as_ref().context("followup needs --service-token-file")?;
            if settings.people_endpoint.is_none() {
                bail!("followup needs --people-endpoint");
            }
            followup = Some(FollowupPlan {
                database,
                people_endpoint: settings.people_endpoint.clone(),
                people_tls: settings.people_tls(),
                tokens: TokenSource::file(token),
                jobs: true,
                sweeps: !settings.no_sweeps,
            });
        }
    }
    Ok(Plan {
        listen: settings.listen,
        city: settings.city.clone(),
        clock: Clock::system(),
        tokens: token::Settings::new(&settings.issuer, &settings.audience, &settings.city),
        jwks: jwks(&settings.jwks)?,
        page_key: key(&settings.page_key_file)?,
        people,
        followup,
        server: server::Settings {
            tls: settings.server_tls(),
            reflection: !settings.no_reflection,
            ..server::Settings::default()
        },
        stack: stack::Settings::default(),
    })
}

impl Settings {
    fn server_tls(&self) -> Option<ServerTls> {
        let identity = identity(self.tls_certificate_file.as_ref(), self.tls_key_file.as_ref())?;
        Some(ServerTls { client_ca: self.client_ca_file.clone(), ..ServerTls::new(identity) })
    }

    fn people_tls(&self) -> Option<PeerTls> {
        let own = identity(self.client_certificate_file.as_ref(), self.client_key_file.as_ref());
        Some(PeerTls { identity: own, ..PeerTls::new(self.people_ca.clone()?) })
    }
}

fn identity(certificate: Option<&PathBuf>, key: Option<&PathBuf>) -> Option<Identity> {
    Some(Identity { certificate: certificate?.clone(), key: key?.clone() })
}

impl Service {
    fn word(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Followup => "followup",
        }
    }
}

fn jwks(place: &str) -> anyhow::Result<Jwks> {
    if place.starts_with("http://") || place.starts_with("https://") {
        Ok(Jwks::url(place, Clock::system())?)
    } else {
        Ok(Jwks::file(place, Clock::system()))
    }
}

fn text(path: &PathBuf) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim().to_owned().into())
}

fn key(path: &PathBuf) -> anyhow::Result<SecretSlice<u8>> {
    let key = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(key.len() == 32, "{} must hold exactly 32 bytes", path.display());
    Ok(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_feeds_stand_is_read_as_it_was_printed_and_nothing_else_is() {
        let epoch = "019a0000-0000-7000-8000-000000000001";
        let printed =
            format!("people: the schema is up to date\npeople: 1 feeds have a new epoch\n320685102 {epoch} 31\n");
        let epoch = epoch.parse().expect("an id");
        assert_eq!(stands(&printed).expect("read"), [Stands { township: "320685102".into(), epoch, seq: 31 }]);
        for wrong in
            ["", "people: 0 feeds have a new epoch", "320685102 31", "x y z", &format!("320685102 {epoch} 31 32")]
        {
            assert!(stands(wrong).is_err(), "{wrong}");
        }
    }
}
