//! Why a namespace that is named is not there: only the causes that the rest of what is known leaves open.

use crate::declaration::document::Document;
use crate::ecs::name::{Arn, NamespaceRef};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::Scope;
use crate::ecs::text::nearest;
use crate::plan::hold::Hold;

/// Why a reference means no namespace that is known.
pub(super) fn no_namespace(
    service: &EcsService,
    reference: &NamespaceRef,
    known: &[Namespace],
    document: Option<&Document>,
) -> Hold {
    let text = reference.to_string();
    let twins: Vec<&str> =
        known.iter().filter(|n| n.name.as_str() == text).map(|n| n.id.as_str()).collect();
    if !twins.is_empty() {
        return Hold::NoNamespace(format!(
            "several namespaces are named {text}: {}; name one by its id",
            twins.join(", ")
        ));
    }
    if let NamespaceRef::Arn(arn, _) = reference {
        return Hold::NoNamespace(unseen_arn(service, arn));
    }
    let is_new = |document: &Document| document.namespaces.keys().any(|new| new.as_str() == text);
    if document.is_some_and(is_new) {
        return Hold::NoNamespace(format!("namespace {text} is to be created first"));
    }
    let near = nearest(&text, known.iter().map(|n| n.name.as_str()));
    let hint = near.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    Hold::NoNamespace(format!(
        "there is no namespace {text} in this account and region{hint}; create it in Cloud Map, or name another"
    ))
}

/// The ARN tells the Region and the account, and with them which causes are left.
fn unseen_arn(service: &EcsService, arn: &Arn) -> String {
    let (its, own) = (Scope::of(arn), &service.key.scope);
    if its.region() != own.region() {
        return format!(
            "namespace {arn} is in Region {}, and this service in {}: a service can only be in a namespace of its own Region; name one of {}",
            its.region(),
            own.region(),
            own.region()
        );
    }
    if its.account() == own.account() {
        return format!(
            "there is no namespace {arn}: it was deleted, or its id is misspelt; create one in Cloud Map, or name another"
        );
    }
    // DG:service-connect-shared-namespaces
    format!(
        "this account does not see {arn}: it does not exist, or account {} does not share it; share it in AWS RAM with the managed permission AWSRAMPermissionCloudMapECSFullPermission",
        its.account()
    )
}
