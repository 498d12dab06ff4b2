//! What anybody may ask: health and reflection.

use bangfu_kernel::Error;
use tonic::service::Routes;
use tonic_health::{
    ServingStatus,
    server::{HealthReporter, HealthService},
};

const READINESS: &str = "readiness";

/// Says whether the service can work: the health of `readiness`. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Readiness(HealthReporter);

impl Readiness {
    /// Says it: SERVING or NOT_SERVING.
    pub async fn set(&self, ready: bool) {
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status(READINESS, status).await;
    }
}

/// Health (`""` is alive as long as anybody answers, `readiness` begins unready) and, if wanted, reflection v1 and
/// v1alpha.
pub(super) async fn routes(reflection: bool) -> Result<(Readiness, Routes), Error> {
    let readiness = Readiness(HealthReporter::new());
    readiness.set(false).await;
    let health = HealthService::from_health_reporter(readiness.0.clone());
    let mut routes = Routes::new(tonic_health::pb::health_server::HealthServer::new(health));
    if reflection {
        let told = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(bangfu_proto::DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let (v1, v1alpha) = (told().build_v1(), told().build_v1alpha());
        routes = routes.add_service(v1.map_err(Error::internal)?).add_service(v1alpha.map_err(Error::internal)?);
    }
    Ok((readiness, routes))
}
