//! Powers given to the roles of a service, one after the other: it refuses to start. Roles belong to a whole cluster, so
//! this one is private.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

use bangfu_kernel::Clock;
use bangfu_platform::db::{
    self, Db, Unsafe,
    migrate::{self, Names},
};
use bangfu_postgres::{Cluster, Options};
use bangfu_testkit::{DADONG, LIBAO, databases};
use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::row::Run;

/// What is given, how it is taken back, and what the service says. `{r}`: either role; `{o}`: the owner; `{d}`: the database.
const GIVEN: [(&str, &str, &str); 9] = [
    ("ALTER ROLE {r} SUPERUSER", "ALTER ROLE {r} NOSUPERUSER", "{r} is a superuser"),
    ("ALTER ROLE {r} BYPASSRLS", "ALTER ROLE {r} NOBYPASSRLS", "{r} may bypass row security"),
    ("ALTER ROLE {r} CREATEROLE", "ALTER ROLE {r} NOCREATEROLE", "{r} may create roles or databases"),
    ("ALTER ROLE {r} CREATEDB", "ALTER ROLE {r} NOCREATEDB", "{r} may create roles or databases"),
    ("ALTER ROLE {r} REPLICATION", "ALTER ROLE {r} NOREPLICATION", "{r} may read the log of all changes"),
    ("ALTER ROLE {r} INHERIT", "ALTER ROLE {r} NOINHERIT", "{r} would inherit what is granted to it"),
    ("GRANT {o} TO {r}", "REVOKE {o} FROM {r}", "{r} inherits: {o}"),
    ("GRANT pg_read_all_data TO {r}", "REVOKE pg_read_all_data FROM {r}", "{r} inherits: pg_read_all_data"),
    ("GRANT pg_write_all_data TO {r}", "REVOKE pg_write_all_data FROM {r}", "{r} inherits: pg_write_all_data"),
];

/// A township that is set before anybody sets one.
const SET: [(&str, &str); 2] = [
    ("ALTER ROLE {s} SET bangfu.township = '320685103'", "ALTER ROLE {s} RESET bangfu.township"),
    ("ALTER DATABASE {d} SET bangfu.township = '320685103'", "ALTER DATABASE {d} RESET bangfu.township"),
];

/// What the service tries then, as itself: as whom it was made it can do none of it. Rows told, or "refused".
const TRIES: [&str; 9] = [
    "BEGIN; SELECT FROM feed_head",
    "BEGIN; SELECT FROM feed_head WHERE township = '320685103'",
    "BEGIN; SET LOCAL ROLE {o}; SELECT FROM event",
    "BEGIN; SET LOCAL ROLE pg_read_all_data; SELECT FROM feed_head",
    "BEGIN; SET LOCAL ROLE pg_write_all_data; SELECT 1",
    "BEGIN; CREATE ROLE bangfu_made_by_a_service",
    "BEGIN; ALTER ROLE {r} CREATEDB",
    "SELECT pg_create_physical_replication_slot('bangfu_made_by_a_service', false, true)",
    // Not within a transaction; whoever may gets as far as to the template.
    "CREATE DATABASE bangfu_made_by_a_service TEMPLATE no_such_template",
];

/// Every power of the list, for both roles.
pub async fn every_power_given_to_a_role_is_noticed(run: Run) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("entered by the server's user");
    let cluster = Cluster::start(Options::test(folder.path().join("postgres"))).await.expect("a cluster of its own");
    let names = Names::of("people");
    let mut superuser = PgConnection::connect(&cluster.url("postgres")).await.expect("the superuser");
    migrate::provision(&mut superuser, &names, &"test".into()).await.expect("provisioned");
    let url = |role: &str| databases::url(&cluster, role, &names.database);
    migrate::run_migrations(&url(&names.owner), databases::migrator("people")).await.expect("migrated");
    let mut inside = PgConnection::connect(&cluster.url(&names.database)).await.expect("the superuser");
    for township in [DADONG, LIBAO] {
        let sql = "INSERT INTO feed_head (township, epoch) VALUES ($1, gen_random_uuid())";
        sqlx::query(sql).bind(township).execute(&mut inside).await.expect("a row");
    }
    inside.close().await.expect("closed");
    let settings = db::Settings {
        service_url: url(&names.service),
        city_url: url(&names.city),
        connections: 1,
        development: true,
    };

    let sound = (
        tried(&settings.service_url, &names, &names.service).await,
        tried(&settings.city_url, &names, &names.city).await,
    );
    opens(&settings).await.expect("the wall stands");
    for what in ["mutants", "killed by the self-check", "killed by behaviour"] {
        run.count(what, 0);
    }
    let powers = [&names.service, &names.city]
        .into_iter()
        .flat_map(|role| GIVEN.iter().map(move |(give, take, said)| (role.clone(), *give, *take, (*said).to_owned())));
    let answers = "wall.township() answers where no township is set".to_owned();
    let set = SET.iter().map(|(give, take)| (names.service.clone(), *give, *take, answers.clone()));
    for (role, give, take, said) in powers.chain(set) {
        let fill = |text: &str| {
            text.replace("{r}", &role)
                .replace("{s}", &names.service)
                .replace("{o}", &names.owner)
                .replace("{d}", &names.database)
        };
        tell(&mut superuser, fill(give)).await;
        let refused = opens(&settings).await.expect_err(&fill(give)).to_string();
        assert!(refused.contains(&fill(&said)), "{}: {refused}", fill(give));
        let (url, sound) =
            if role == names.city { (&settings.city_url, &sound.1) } else { (&settings.service_url, &sound.0) };
        let behaved = tried(url, &names, &role).await != *sound;
        tell(&mut superuser, fill(take)).await;
        run.count("mutants", 1);
        run.count("killed by the self-check", 1);
        run.count("killed by behaviour", u64::from(behaved));
        // There is nothing to inherit as yet, and the city's role reads everything as it is.
        let nothing = give.contains(" INHERIT") || role == names.city && give.contains("BYPASSRLS");
        assert!(behaved || nothing, "behaviour does not show: {}", fill(give));
    }
    opens(&settings).await.expect("the wall stands again");
    superuser.close().await.expect("closed");
    cluster.stop().await.expect("stopped");
}

async fn opens(settings: &db::Settings) -> Result<(), Unsafe> {
    let db = Db::open(settings, Clock::at("2026-01-05".parse().expect("a date"))).await?;
    db.close().await;
    Ok(())
}

/// What came of each try, in a session of its own.
async fn tried(url: &secrecy::SecretString, names: &Names, role: &str) -> Vec<String> {
    let mut session = PgConnection::connect(url.expose_secret()).await.expect("the role");
    let mut told = Vec::new();
    for sql in TRIES {
        let sql = sql.replace("{o}", &names.owner).replace("{r}", role);
        let ran = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut session).await;
        told.push(match ran {
            Ok(rows) => rows.len().to_string(),
            Err(error) => {
                error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned()
            }
        });
        sqlx::raw_sql("ROLLBACK").execute(&mut session).await.expect("undone");
    }
    session.close().await.expect("closed");
    told
}

async fn tell(superuser: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(superuser).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}
