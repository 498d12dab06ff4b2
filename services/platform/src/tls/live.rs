//! A configuration that follows its files.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{Files, Texts, Unusable};
use crate::hangs;

/// Certificate and key are written one after the other: only what is unusable at two looks in a row is told.
const ALARM_AT: u32 = 2;

/// The newest usable one. Cloning gives another handle; the files are looked at while there is one.
#[derive(Debug)]
pub(crate) struct Live<C>(watch::Receiver<Arc<C>>);

impl<C> Clone for Live<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Send + Sync + 'static> Live<C> {
    /// Reads the files, which have to be usable now, and goes on looking at them. Needs a runtime.
    pub(crate) fn start(
        files: impl Into<Files>,
        every: Duration,
        build: fn(&Texts) -> Result<C, Unusable>,
    ) -> Result<Self, Unusable> {
        let files = files.into();
        let texts = files.read()?;
        let (sender, receiver) = watch::channel(Arc::new(build(&texts)?));
        tokio::spawn(follow(files, every, build, texts, sender));
        Ok(Self(receiver))
    }

    /// For a connection that begins now.
    pub(crate) fn now(&self) -> Arc<C> {
        Arc::clone(&self.0.borrow())
    }
}

async fn follow<C: Send + Sync + 'static>(
    files: Files,
    every: Duration,
    build: fn(&Texts) -> Result<C, Unusable>,
    mut taken: Texts,
    sender: watch::Sender<Arc<C>>,
) {
    let mut unusable = 0;
    loop {
        tokio::select! {
            () = sender.closed() => return,
            () = tokio::time::sleep(every) => {}
        }
        let looked = tokio::task::spawn_blocking({
            let files = files.clone();
            move || files.read()
        });
        let tell = || {
            tracing::error!(files = name(&files), "certificates cannot be read, their files hang: the old ones stay");
            usable(&files, false);
        };
        let Ok(read) = hangs::wait(looked, tell).await else { continue };
        let built = match read {
            Ok(texts) if texts == taken => Ok(None),
            Ok(texts) => build(&texts).map(|config| Some((texts, config))),
            Err(error) => Err(error),
        };
        unusable = match built {
            Ok(fresh) => {
                if let Some((texts, config)) = fresh {
                    tracing::info!(files = name(&files), "certificates have changed: new connections get the new ones");
                    metrics::counter!("tls_certificates_taken_total").increment(1);
                    taken = texts;
                    sender.send_replace(Arc::new(config));
                }
                0
            }
            Err(error) => alarm(&files, &error, unusable + 1),
        };
        usable(&files, unusable < ALARM_AT);
    }
}

fn usable(files: &Files, usable: bool) {
    metrics::gauge!("tls_certificates_unusable", "files" => name(files)).set(if usable { 0.0 } else { 1.0 });
}

/// Told once; the gauge stands until it is mended.
fn alarm(files: &Files, error: &Unusable, times: u32) -> u32 {
    if times == ALARM_AT {
        let error: &(dyn std::error::Error + 'static) = error;
        tracing::error!(files = name(files), error, "new certificates cannot be used: the old ones stay");
    }
    times
}

/// The folder that somebody has to look into.
fn name(files: &Files) -> String {
    let file = files.identity.as_ref().map(|own| &own.certificate).or(files.authorities.as_ref());
    file.map(|file| file.display().to_string()).unwrap_or_default()
}
