//! Which service something is about: the model's key, core's key, and whether the controller watches its cluster.

use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::name::{ClusterName, EcsServiceName, ServiceKey};

use crate::model::EcsServiceKey;
use crate::shapes::ecs::UpdateServiceRequest;

/// The service of a write.
pub(crate) fn key_of(request: &UpdateServiceRequest) -> EcsServiceKey {
    EcsServiceKey::new(request.cluster.clone().unwrap_or_default(), request.service.clone())
}

/// The key that core and the document use for a service.
pub(crate) fn service_key(key: &EcsServiceKey) -> ServiceKey {
    ServiceKey::new(&ClusterName::as_read(&key.cluster), &EcsServiceName::as_read(&key.name))
}

/// Whether a controller with these settings watches the cluster of a service.
pub(super) fn is_watched(settings: &Settings, key: &EcsServiceKey) -> bool {
    let clusters = settings.clusters.as_ref();
    clusters.is_none_or(|all| all.iter().any(|cluster| cluster.as_str() == key.cluster))
}
