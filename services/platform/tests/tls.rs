//! Certificates that cannot be used, and connections that never come to show one. What a handshake is worth is tried by the
//! suite's rows (`tests/rows/tls.rs`).

use std::{fs, time::Duration};

use bangfu_platform::{
    server::{self, Server, Stopped},
    stack,
    tls::{Identity, ServerTls},
};
use bangfu_testkit::pipe::Pipe;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{shell::PATIENCE, shell_told::Lines};

async fn becomes(metrics: &PrometheusHandle, value: &str) {
    let told = async {
        loop {
            let text = metrics.render();
            if text.lines().any(|line| line.starts_with("tls_certificates_unusable{") && line.ends_with(value)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("it is told");
}

/// A certificate and its key; what stands in the former.
fn identity(folder: &TempDir) -> (Identity, String) {
    let identity = Identity { certificate: folder.path().join("server.pem"), key: folder.path().join("server.key") };
    let good = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(&identity.certificate, good.cert.pem()).expect("written");
    fs::write(&identity.key, good.signing_key.serialize_pem()).expect("written");
    (identity, good.cert.pem())
}

#[tokio::test]
async fn a_handshake_that_does_not_come_to_its_end_takes_no_longer_than_an_opening() {
    let folder = tempfile::tempdir().expect("a folder");
    let tls = Some(ServerTls::new(identity(&folder).0));
    let settings = server::Settings { tls, opening: Duration::from_millis(200), ..crate::shell::settings() };
    let running = crate::shell::start(settings, &stack::Settings::default()).await;
    // Nothing; the beginning of a ClientHello; plain text.
    for said in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(running.addr).await.expect("a connection");
        stream.write_all(said).await.expect("sent");
        let mut rest = Vec::new();
        // A reset is a way of closing.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the server closes");
        assert!(rest.is_empty() || rest[0] == 21, "nothing but an alert: {rest:?}");
    }
    let silent = TcpStream::connect(running.addr).await.expect("a connection");
    assert_eq!(running.stop().await, Stopped::Drained);
    drop(silent);
}

#[tokio::test]
async fn an_unusable_certificate_is_told_once_and_stands_in_the_metrics_until_it_is_mended() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt::layer().with_writer(lines.clone());
    // Not the errors alone: other tests of this process listen to spans, and the level is everybody's.
    let ours = tracing_subscriber::filter::Targets::new().with_target("bangfu_platform", Level::TRACE);
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(ours).with(log));
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _recorder = metrics::set_default_local_recorder(&recorder);

    let folder = tempfile::tempdir().expect("a folder");
    let (identity, good) = identity(&folder);
    let tls = ServerTls { look_every: Duration::from_millis(20), ..ServerTls::new(identity.clone()) };
    let settings = server::Settings { tls: Some(tls), ..crate::shell::settings() };
    let server = Server::bind(([127, 0, 0, 1], 0).into(), settings.clone()).await.expect("usable");

    becomes(&metrics, " 0").await;
    for bad in ["no certificate", ""] {
        fs::write(&identity.certificate, bad).expect("written");
        becomes(&metrics, " 1").await;
        // Some looks more: it is not told again.
        tokio::time::sleep(Duration::from_millis(200)).await;
        fs::write(&identity.certificate, &good).expect("written");
        becomes(&metrics, " 0").await;
    }
    let text = lines.text();
    assert_eq!(text.matches("new certificates cannot be used").count(), 2, "{text}");

    // A file that hangs, as one on a network may; and answers.
    let pipe = Pipe::instead_of(&identity.certificate);
    becomes(&metrics, " 1").await;
    pipe.answer(&good).await;
    becomes(&metrics, " 0").await;
    assert_eq!(lines.text().matches("their files hang").count(), 1, "{}", lines.text());
    assert!(!text.contains("PRIVATE KEY"), "{text}");
    drop(server);

    // A server that begins with them does not begin.
    fs::remove_file(&identity.key).expect("gone");
    Server::bind(([127, 0, 0, 1], 0).into(), settings).await.expect_err("no key");
}
