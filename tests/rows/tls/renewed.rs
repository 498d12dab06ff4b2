//! Certificates that are renewed while everything runs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use bangfu_kernel::Role;
use bangfu_platform::peers::Peer;
use tokio::time::{Duration, sleep};

use super::{LOOK, Registry, ask, ends::knock};
use crate::{
    certificates::{Authority, End, Fault},
    collector,
    row::Run,
    steps::until,
};

const WITHIN: Duration = Duration::from_secs(30);

/// New connections get the renewed certificate, old ones live on, calls fail neither way; what is broken is not taken up.
/// The same for who vouches for services, and for what a service shows.
pub async fn renewed_certificates_are_taken_up_without_a_restart(run: Run) {
    let mut registry = Registry::start().await;
    let service = registry.folder.identity_at("service");
    let kept = registry.caller(Some(service.clone()), Role::Service);
    ask(&kept, WITHIN).await.expect("served");
    let load = Load::begin(kept.clone());

    run.fault("broken certificates", 0);
    for _ in 0..run.of(2, 50) {
        broken(&registry, &run).await;
        let renewed = Authority::new();
        let both = format!("{}{}", registry.servers.pem(), renewed.pem());
        registry.folder.write("servers.pem", &both);
        let before = shown(&registry, &both).await;
        registry.folder.identity("server", &renewed.issue(End::Server, Fault::None));
        until("new connections get the new certificate", async || shown(&registry, &both).await != before).await;
        registry.servers = renewed;
        ask(&kept, WITHIN).await.expect("the old connection lives on");
        ask(&registry.caller(Some(service.clone()), Role::Service), WITHIN).await.expect("a new one begins");
        run.count("certificates renewed", 1);
    }

    // Somebody else vouches for services from now on.
    let (old, renewed) = (registry.services.issue(End::Client, Fault::None), Authority::new());
    let new = renewed.issue(End::Client, Fault::None);
    knock(registry.suite.address, registry.servers.pem(), Some(&old)).await.expect("still believed");
    registry.folder.write("services.pem", renewed.pem());
    let ca = registry.servers.pem().to_owned();
    run.fault("an authority no longer believed", 0);
    until("the old authority is no longer believed", async || {
        knock(registry.suite.address, &ca, Some(&old)).await.is_err()
    })
    .await;
    run.fault("an authority no longer believed", 1);
    knock(registry.suite.address, &ca, Some(&new)).await.expect("the new one is");
    ask(&kept, WITHIN).await.expect("the old connection lives on");
    let (calls, failed) = load.end().await;
    run.count("calls", calls);
    run.count("failed calls", failed);
    assert_eq!(failed, 0, "of {calls}");

    // What a service shows is renewed, too; it is shown when the service has to connect again.
    registry.services = renewed;
    registry.folder.identity("service", &new);
    sleep(LOOK * 5).await;
    let registry = registry.start_again().await;
    until("the service shows the renewed one", async || ask(&kept, WITHIN).await.is_ok()).await;
    run.count("certificates of a service renewed", 1);
    registry.close().await;
}

/// Neither rubbish, nor half of a pair, nor nothing is taken up.
async fn broken(registry: &Registry, run: &Run) {
    let (before, good) = (shown(registry, registry.servers.pem()).await, registry.folder.read("server.pem"));
    let half = registry.servers.issue(End::Server, Fault::None).chain;
    let unusable = format!("tls_certificates_unusable{{files=\"{}\"}}", registry.file("server.pem").display());
    for bad in ["no certificate at all", "", &good[..good.len() / 2], &half] {
        registry.folder.write("server.pem", bad);
        until("it is seen that they cannot be used", async || collector::measured(&unusable) > 0.5).await;
        run.fault("broken certificates", 1);
        assert_eq!(shown(registry, registry.servers.pem()).await, before, "the old one stays");
        registry.folder.write("server.pem", &good);
        until("it is seen that they are mended", async || collector::measured(&unusable) < 0.5).await;
    }
}

async fn shown(registry: &Registry, ca: &str) -> Vec<u8> {
    knock(registry.suite.address, ca, None).await.expect("it is answered")
}

/// Calls over a connection that was there before.
struct Load {
    stop: Arc<AtomicBool>,
    counts: Arc<[AtomicU64; 2]>,
    caller: tokio::task::JoinHandle<()>,
}

impl Load {
    fn begin(peer: Peer) -> Self {
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new([AtomicU64::new(0), AtomicU64::new(0)]));
        let (until, done) = (Arc::clone(&stop), Arc::clone(&counts));
        let caller = tokio::spawn(async move {
            while !until.load(Ordering::SeqCst) {
                let failed = ask(&peer, WITHIN).await.is_err();
                done[0].fetch_add(1, Ordering::SeqCst);
                done[1].fetch_add(failed.into(), Ordering::SeqCst);
                sleep(Duration::from_millis(20)).await;
            }
        });
        Self { stop, counts, caller }
    }

    async fn end(self) -> (u64, u64) {
        self.stop.store(true, Ordering::SeqCst);
        self.caller.await.expect("no panic");
        (self.counts[0].load(Ordering::SeqCst), self.counts[1].load(Ordering::SeqCst))
    }
}
