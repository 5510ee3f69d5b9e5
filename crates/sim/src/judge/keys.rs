//! Which service something is about: the model's key, the document's path, and whether the controller watches its cluster.

use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::name::{ClusterName, EcsServiceName};
use eastwest_core::ecs::service_key::ServicePath;

use crate::model::EcsServiceKey;
use crate::shapes::ecs::UpdateServiceRequest;

/// The service of a write.
pub(crate) fn key_of(request: &UpdateServiceRequest) -> EcsServiceKey {
    EcsServiceKey::new(request.cluster.clone().unwrap_or_default(), request.service.clone())
}

/// A service as the document names it.
pub(super) fn service_path(key: &EcsServiceKey) -> ServicePath {
    ServicePath {
        cluster: ClusterName::as_read(&key.cluster),
        name: EcsServiceName::as_read(&key.name),
    }
}

/// Whether a controller with these settings watches the cluster of a service.
pub(super) fn is_watched(settings: &Settings, key: &EcsServiceKey) -> bool {
    let clusters = settings.clusters.as_ref();
    clusters.is_none_or(|all| all.iter().any(|cluster| cluster.as_str() == key.cluster))
}
