//! Refusals that several operations share.

use crate::shapes::ApiError;

/// AWS's answer for a cluster that is not there.
pub(super) fn cluster_not_found() -> ApiError {
    ApiError::new("ClusterNotFoundException", "Cluster not found.")
}

/// AWS's answer for a service that is not there.
pub(super) fn service_not_found() -> ApiError {
    ApiError::new("ServiceNotFoundException", "Service not found.")
}
