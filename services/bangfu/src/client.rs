//! The client side: a connection with a token, as any integrator would write it from the contract.

pub mod audit;
pub mod calendars;
pub mod contacts;
pub mod coordinators;
pub mod duplicates;
pub mod duties;
pub mod households;
pub mod imports;
pub mod keys;
pub mod matches;
pub mod people;
pub mod problem;
pub mod progress;
pub mod recognitions;
pub mod retention;
pub mod services;
pub mod standards;
pub mod sweeps;
pub mod table;
pub mod terminal;
pub mod transfers;
pub mod waivers;

use std::time::Duration;

use anyhow::Context as _;
use bangfu_proto::{
    common::v1::CalendarDate, followup::v1::followup_service_client::FollowupServiceClient,
    people::v1::people_service_client::PeopleServiceClient,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use uuid::Uuid;

/// The answer to a long import needs about 60 bytes a row.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// A connection that speaks for one token.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    bearer: Bearer,
}

/// Puts the token on every call, and how long the caller waits for its answer.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>, Option<Duration>);

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(…)")
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        if let Some(within) = self.1 {
            request.set_timeout(within);
        }
        Ok(request)
    }
}

impl Client {
    /// Connects to `http://host:port`.
    pub async fn connect(endpoint: &str, token: &str) -> anyhow::Result<Self> {
        Self::trusting(None, endpoint, token).await
    }

    /// Connects to `https://host:port`, if certificates (PEM) are given that vouch for whoever is there.
    pub async fn trusting(ca: Option<&[u8]>, endpoint: &str, token: &str) -> anyhow::Result<Self> {
        // `up` takes and prints addresses without a scheme, too.
        let endpoint = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
        let mut at = Endpoint::from_shared(endpoint.clone())
            .with_context(|| format!("服务地址有误 {endpoint} is no address like http://127.0.0.1:50051"))?;
        if at.uri().scheme_str() == Some("https") {
            let ca =
                ca.context("缺少证书：请设置 BANGFU_CA_FILE 或 --ca https needs certificates: BANGFU_CA_FILE or --ca")?;
            at = at
                .tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)))
                .context("证书无法使用 the certificates cannot be used")?;
        }
        let channel = at
            .connect()
            .await
            .with_context(|| format!("服务未启动 nobody answers at {endpoint}; is `make up` running?"))?;
        Self::on(channel, token)
    }

    /// Speaks for another token on a connection that is there.
    pub fn on(channel: Channel, token: &str) -> anyhow::Result<Self> {
        let bearer = format!("Bearer {}", token.trim())
            .parse()
            .context("令牌含有非法字符 the token holds characters no token has")?;
        Ok(Self { channel, bearer: Bearer(bearer, None) })
    }

    /// The same, for calls that have to be answered in time: each tells the server its deadline.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.bearer.1 = Some(time);
        self
    }

    /// Whom the token is for: its `sub`, read and not verified; empty where there is none.
    pub fn subject(&self) -> String {
        let token = self.bearer.0.to_str().unwrap_or_default();
        let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims: Option<serde_json::Value> = claims.and_then(|json| serde_json::from_slice(&json).ok());
        claims.and_then(|claims| Some(claims.get("sub")?.as_str()?.to_owned())).unwrap_or_default()
    }

    /// The people registry.
    pub fn people(&self) -> PeopleServiceClient<InterceptedService<Channel, Bearer>> {
        PeopleServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(LARGEST_ANSWER)
    }

    /// Follow-up.
    pub fn followup(&self) -> FollowupServiceClient<InterceptedService<Channel, Bearer>> {
        FollowupServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(LARGEST_ANSWER)
    }
}

/// A fresh request id: one for each thing that is to happen once.
pub fn request_id() -> String {
    Uuid::new_v4().to_string()
}

/// A date of a message, or a dash.
pub fn day(date: Option<&CalendarDate>) -> String {
    date.and_then(bangfu_kernel::calendar::date).map_or_else(|| "-".to_owned(), |date| date.to_string())
}

/// An instant of a message by the clock of the office, to the minute, or a dash.
pub fn instant(at: Option<&prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| chrono::DateTime::from_timestamp(at.seconds, 0));
    let at = at.map(bangfu_kernel::calendar::civil_time);
    at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string())
}

/// The day of an instant of a message, or a dash.
pub fn day_of(instant: Option<&prost_types::Timestamp>) -> String {
    let at = instant.and_then(|at| chrono::DateTime::from_timestamp(at.seconds, 0));
    at.map_or_else(|| "-".to_owned(), |at| bangfu_kernel::calendar::civil_date(at).to_string())
}

/// A date for a message.
pub fn date(day: NaiveDate) -> Option<CalendarDate> {
    Some(bangfu_kernel::calendar::message(day))
}
