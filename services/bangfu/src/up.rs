//! `bangfu up`: the whole suite on one address, on a private PostgreSQL whose data are kept between runs.

use std::{net::SocketAddr, path::PathBuf};

use bangfu::{client::request_id, development::Development, suite::Suite};
use bangfu_kernel::{Clock, Role, Township, caller::role_word};
use bangfu_platform::{
    server::{Stopped, stop_signal},
    telemetry::{self, LogFormat},
};
use bangfu_postgres::Options;
use bangfu_proto::people::v1::{ListTownshipsRequest, UpsertTownshipRequest};

/// How to run it.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// Where to listen.
    #[arg(long, env = "BANGFU_LISTEN", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// The folder of the development ground: database, keys.
    #[arg(long, env = "BANGFU_HOME", default_value = ".bangfu")]
    home: PathBuf,
    /// Do not sweep by itself, neither at night nor when people have come in; `bangfu sweeps run` does.
    #[arg(long, env = "BANGFU_NO_SWEEPS")]
    no_sweeps: bool,
    /// What is logged.
    #[arg(
        long,
        env = "BANGFU_LOG",
        default_value = "warn,bangfu=info,bangfu_platform=info,bangfu_people=info,bangfu_followup=info"
    )]
    log: String,
    /// Where traces go: an OTLP endpoint (gRPC).
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// Where Prometheus may fetch metrics.
    #[arg(long, env = "BANGFU_METRICS")]
    metrics: Option<SocketAddr>,
}

/// The townships that a fresh ground starts with.
const FIRST_TOWNSHIPS: [(&str, &str); 3] =
    [("320685102", "大东镇"), ("320685103", "李堡镇"), ("320685104", "双溪街道")];

/// Runs until it is told to stop.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let telemetry = telemetry::init(&telemetry::Settings {
        service: "bangfu".to_owned(),
        log_format: LogFormat::Text,
        filter: settings.log.clone(),
        otlp_endpoint: settings.otlp_endpoint.clone(),
        metrics_addr: settings.metrics,
    })?;
    let signal = stop_signal()?;
    println!("正在启动 starting (data in {}) …", settings.home.display());
    let ground = Development::open(&settings.home, Options::kept).await?;
    let served = serve(&settings, &ground, signal).await;
    ground.close().await?;
    telemetry.shutdown().await;
    served
}

async fn serve(settings: &Settings, ground: &Development, signal: impl Future<Output = ()>) -> anyhow::Result<()> {
    let mut plan = ground.plan(settings.listen, Clock::system())?;
    if let Some(followup) = &mut plan.followup {
        followup.sweeps = !settings.no_sweeps;
    }
    let suite = Suite::start(plan).await?;
    first_townships(ground, &suite.endpoint()).await?;
    welcome(settings, ground, &suite.endpoint());
    let mut died = false;
    let end = async {
        tokio::select! {
            () = signal => {}
            () = ground.died() => died = true,
        }
    };
    let stopped = suite.until(end).await?;
    anyhow::ensure!(
        !died,
        "数据库进程已终止，请重新启动 the database has died; start again, nothing acknowledged is lost"
    );
    match stopped {
        Stopped::Drained => println!("已停止 stopped"),
        Stopped::Cut => println!("已停止 stopped; some connections had to be cut"),
    }
    Ok(())
}

async fn first_townships(ground: &Development, endpoint: &str) -> anyhow::Result<()> {
    let token = ground.token("bureau", Role::Bureau, None, &[]);
    let mut people = bangfu::client::Client::connect(endpoint, &token).await?.people();
    if !people.list_townships(ListTownshipsRequest::default()).await?.into_inner().townships.is_empty() {
        return Ok(());
    }
    for (code, name) in FIRST_TOWNSHIPS {
        let request = UpsertTownshipRequest {
            request_id: request_id(),
            code: code.to_owned(),
            name: name.to_owned(),
            etag: String::new(),
        };
        people.upsert_township(request).await?;
    }
    Ok(())
}

fn welcome(settings: &Settings, ground: &Development, endpoint: &str) {
    let (code, name) = FIRST_TOWNSHIPS[0];
    let township = code.parse::<Township>().ok();
    let program = std::env::args().next().unwrap_or_else(|| "bangfu".to_owned());
    let at = if settings.listen.port() == 50051 { String::new() } else { format!(" --endpoint {endpoint}") };
    println!("\n帮扶服务已就绪 Bangfu serves at {endpoint}   (Ctrl-C 停止 stops it)\n");
    println!("令牌有效期15分钟；续期 tokens are good for 15 minutes; a new one:");
    let home = if settings.home.as_os_str() == ".bangfu" {
        String::new()
    } else {
        format!(" --home {}", settings.home.display())
    };
    println!("  {program} token{home} --role clerk --township {code}\n");
    let sample = settings.home.join("sample.xlsx");
    println!("一份样例台账 a sample roster:");
    println!("  {program} roster sample --rows 200 --seed 1 --out {}\n", sample.display());
    let lines: [(&str, Role, Option<&Township>, String); 4] = [
        (
            "经办 clerk: 导入台账 imports it",
            Role::Clerk,
            township.as_ref(),
            format!("roster import {}{at}", sample.display()),
        ),
        ("市局 bureau: 立即巡查 raises what is owed at once", Role::Bureau, None, format!("sweeps run{at}")),
        (
            "协理员 coordinator: 今天该做什么 what to do today",
            Role::Coordinator,
            township.as_ref(),
            format!("duties list{at}"),
        ),
        ("审核 reviewer: 人员名单 the people", Role::Reviewer, township.as_ref(), format!("people list{at}")),
    ];
    for (word, role, township, command) in lines {
        let place = township.map_or("全市 the city".to_owned(), |_| format!("{name} {code}"));
        println!("{word} ({place})");
        println!("  export BANGFU_TOKEN={}", ground.token(&role_word(role), role, township, &[]));
        println!("  {program} {command}\n");
    }
}
