//! Owns a cluster until its standard input ends, then leaves it cleanly: `owner kept|test FOLDER`. The tests kill it.

use std::{env, error::Error, io::Read};

use bangfu_postgres::{Cluster, Options};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (kind, folder) = (env::args().nth(1), env::args().nth(2));
    let options = match (kind.as_deref(), folder) {
        (Some("kept"), Some(folder)) => Options::kept(folder),
        (Some("test"), Some(folder)) => Options::test(folder),
        _ => return Err("usage: owner kept|test FOLDER".into()),
    };
    let cluster = Cluster::start(options).await?;
    println!("{} {} {}", cluster.port(), cluster.was_adopted(), cluster.folder().display());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    println!("{:?}", cluster.stop().await?);
    Ok(())
}
