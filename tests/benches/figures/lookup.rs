//! GetPerson through the whole stack, against pgbench sending PostgreSQL the same statements in the same round trips, as
//! the same role behind the same row security.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use bangfu::client::Client;
use bangfu_kernel::Role;
use bangfu_proto::people::v1::GetPersonRequest;
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    measure::{Limit, Measure, Round},
    process::{TOWNSHIP, Up},
};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;

/// The figure, in calls (transactions) a second.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut people = up.superuser("people").await?;
    crate::process::run(&mut people, "VACUUM ANALYZE person, employment, membership").await?;
    crate::process::run(&mut people, "CHECKPOINT").await?;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT person_id FROM person ORDER BY person_id LIMIT $1")
        .bind(i64::try_from(CONNECTIONS)?)
        .fetch_all(&mut people)
        .await?;
    let script = up.folder.path().join("lookup.sql");
    fs::write(&script, pgbench_script()?)?;

    let mut callers = Vec::new();
    for id in ids {
        let client = up.client(Role::Clerk, Some(TOWNSHIP)).await?;
        callers.push((client, GetPersonRequest { person_id: id.to_string(), ..Default::default() }));
    }
    calls(&callers, Duration::from_secs(1)).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ours = calls(&callers, Duration::from_secs(SECONDS)).await?;
        rounds.push(Round { ours, against: pgbench(up, &script)? });
    }
    let name = "GetPerson through the whole stack / pgbench";
    Ok(Measure::of_rounds(name, "calls/s", &rounds, Limit::AtLeast(0.5)))
}

/// Everybody calls again as soon as they are answered.
async fn calls(callers: &[(Client, GetPersonRequest)], time: Duration) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let mut calling = JoinSet::new();
    for (client, request) in callers.iter().cloned() {
        calling.spawn(async move {
            let (mut people, mut answered) = (client.people(), 0_u32);
            while begin.elapsed() < time {
                let person = people.get_person(request.clone()).await?.into_inner();
                anyhow::ensure!(person.person_id == request.person_id && !person.name_masked.is_empty());
                answered += 1;
            }
            Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(caller) = calling.join_next().await {
        answered += caller??;
    }
    Ok(f64::from(answered) / begin.elapsed().as_secs_f64())
}

/// Transactions a second, connecting not counted.
fn pgbench(up: &Up, script: &Path) -> anyhow::Result<f64> {
    let url = up.ground.settings("people").service_url;
    let url = url.expose_secret().strip_prefix("postgres://").context("the service's URL")?;
    let (role, rest) = url.split_once(':').context("the service's role")?;
    let (password, rest) = rest.split_once('@').context("the service's password")?;
    let database = rest.split_once('/').context("the service's database")?.1;
    let threads = std::thread::available_parallelism()?.get().min(CONNECTIONS);
    let program = up.ground.cluster().binaries().join("pgbench");
    let output = Command::new(&program)
        .args(["--no-vacuum", "--protocol=prepared", "--define=ready=0", "--host=127.0.0.1"])
        .arg(format!("--port={}", up.ground.cluster().port()))
        .arg(format!("--username={role}"))
        .arg(format!("--client={CONNECTIONS}"))
        .arg(format!("--jobs={threads}"))
        .arg(format!("--time={SECONDS}"))
        .arg(format!("--define=township={TOWNSHIP}"))
        .arg(format!("--file={}", script.display()))
        .arg(database)
        .env("PGPASSWORD", password)
        .output()
        .with_context(|| format!("{} does not run", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    anyhow::ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench tells no rate")?;
    Ok(rate.split_whitespace().next().unwrap_or_default().parse()?)
}

/// What one GetPerson sends: its beginning in one round trip, its SELECT as sqlx knows it, COMMIT. Each client first
/// finds the person it asks for from then on, as each of our callers has one.
fn pgbench_script() -> anyhow::Result<String> {
    let select = statement()?.replace("$1", ":township").replace("$2", ":person_id::uuid");
    let begin = "BEGIN;\nSELECT set_config('bangfu.township', ':township', true), set_config('statement_timeout', '600000', true);\n";
    let begin = begin.replace(":township", TOWNSHIP);
    let find =
        "SELECT person_id FROM person WHERE township = :township ORDER BY person_id OFFSET :client_id LIMIT 1 \\gset";
    Ok(format!(
        "\\if :ready = 0\n{begin}{find}\nCOMMIT;\n\\set ready 1\n\\endif\n\
         \\startpipeline\n{begin}\\endpipeline\n{};\nCOMMIT;\n",
        select.trim_end()
    ))
}

/// The statement by which the registry reads people, from the committed query data.
fn statement() -> anyhow::Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/people/.sqlx");
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let query: serde_json::Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        let text = query["query"].as_str().unwrap_or_default();
        if text.contains("FROM person p") && text.contains("json_agg") && text.contains("p.person_id = $2") {
            return Ok(text.to_owned());
        }
    }
    anyhow::bail!("the statement of GetPerson is not in {}", folder.display())
}
