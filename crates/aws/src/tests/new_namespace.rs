//! A namespace that is made: the request, the operation it begins, and each way that can go.

use std::sync::atomic::{AtomicUsize, Ordering};

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::NamespaceName;
use eastwest_core::ecs::namespace::NewNamespace;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::prerequisite::Prerequisite;
use serde_json::{Value, json};

use super::{Asked, Stage, Told, played};

const CREATE: &str = "servicediscovery.CreateHttpNamespace";
const LOOK: &str = "servicediscovery.GetOperation";

fn new(vpc: Option<&str>) -> NewNamespace {
    NewNamespace { name: NamespaceName::as_read("internal"), vpc: vpc.map(str::to_owned) }
}

pub(super) fn http() -> Prerequisite {
    Prerequisite::Namespace(new(None))
}

pub(super) fn private_dns() -> Prerequisite {
    Prerequisite::Namespace(new(Some("vpc-1")))
}

fn operation(status: &str, more: &Value) -> Value {
    let mut operation = json!({"Id": "op-1", "Type": "CREATE_NAMESPACE", "Status": status});
    for (member, value) in more.as_object().unwrap() {
        operation[member] = value.clone();
    }
    json!({"Operation": operation})
}

/// An operation that has made a namespace.
pub(super) fn succeeded() -> Value {
    operation("SUCCESS", &json!({"Targets": {"NAMESPACE": "ns-abcdefgh12345678"}}))
}

async fn make(stage: &Stage, prerequisite: Prerequisite) -> Result<String, Fault> {
    match stage.execute(Effect::Make(prerequisite.clone())).await {
        Event::Made(made, outcome) => {
            assert_eq!(made, prerequisite);
            outcome
        }
        other => panic!("{other:?}"),
    }
}

/// An AWS that begins an operation and then answers `look` to looks, of which it is given the number.
fn begins(look: impl Fn(usize) -> Value + Send + Sync + 'static) -> Stage {
    let looks = AtomicUsize::new(0);
    played(move |asked: &Asked| match asked.operation.as_str() {
        LOOK => look(looks.fetch_add(1, Ordering::SeqCst) + 1),
        _ => json!({"OperationId": "op-1"}),
    })
}

/// An AWS that answers a request with that error, and with success to looks.
fn refuses(code: &'static str, more: &'static str) -> Stage {
    played(move |asked: &Asked| -> Told {
        match asked.operation.as_str() {
            LOOK => succeeded().into(),
            _ => {
                Told::text(400, &format!(r#"{{"__type": "{code}", "message": "so it is"{more}}}"#))
            }
        }
    })
}

#[tokio::test]
async fn an_operation_is_followed_to_its_end() {
    let stage = begins(|look| match look {
        1 => operation("SUBMITTED", &json!({})),
        2 => operation("PENDING", &json!({"Targets": {"NAMESPACE": "ns-abcdefgh12345678"}})),
        _ => succeeded(),
    });
    assert_eq!(make(&stage, http()).await.as_deref(), Ok("ns-abcdefgh12345678"));
    assert_eq!(stage.all_asked(), [CREATE, LOOK, LOOK, LOOK]);
    assert_eq!(stage.asked(LOOK)[0], json!({"OperationId": "op-1"}));
}

#[tokio::test]
async fn a_request_says_what_is_wanted_and_is_the_same_request_when_asked_again() {
    for (vpc, call) in
        [(None, CREATE), (Some("vpc-1"), "servicediscovery.CreatePrivateDnsNamespace")]
    {
        let stage = begins(|_| succeeded());
        for _ in 0..2 {
            make(&stage, Prerequisite::Namespace(new(vpc))).await.unwrap();
        }
        let asked = stage.asked(call);
        assert_eq!(asked[0], asked[1]);
        assert_eq!(asked[0]["Name"], "internal");
        assert_eq!(asked[0]["CreatorRequestId"], new(vpc).request_id());
        assert_eq!(asked[0]["Description"], "Made by eastwest for ECS Service Connect");
        assert_eq!(asked[0]["Vpc"], json!(vpc));
    }
}

#[tokio::test]
async fn an_operation_that_is_under_way_already_is_followed() {
    let stage = refuses("DuplicateRequest", r#", "DuplicateOperationId": "op-9""#);
    assert_eq!(make(&stage, http()).await.as_deref(), Ok("ns-abcdefgh12345678"));
    assert_eq!(stage.asked(LOOK), [json!({"OperationId": "op-9"})]);
}

#[tokio::test]
async fn a_namespace_that_is_there_already_is_success() {
    for prerequisite in [http(), private_dns()] {
        let stage = refuses("NamespaceAlreadyExists", r#", "NamespaceId": "ns-there000000000""#);
        assert_eq!(make(&stage, prerequisite).await.as_deref(), Ok("ns-there000000000"));
        assert_eq!(stage.asked(LOOK), [json!(null); 0]);
    }
}

#[tokio::test]
async fn an_account_that_is_full_is_told_which_quota_it_is() {
    let fault = make(&refuses("ResourceLimitExceeded", ""), http()).await.unwrap_err();
    assert_eq!((fault.kind, &*fault.operation), (FaultKind::Refused, CREATE));
    assert!(fault.message.contains("namespaces per Region"), "{fault}");
}

#[tokio::test]
async fn a_refusal_that_says_nothing_of_what_is_there_is_a_refusal() {
    for code in ["DuplicateRequest", "NamespaceAlreadyExists", "InvalidInput"] {
        let fault = make(&refuses(code, ""), http()).await.unwrap_err();
        assert_eq!((fault.kind, &*fault.operation), (FaultKind::Refused, CREATE));
        assert_eq!(&*fault.message, format!("{code}: so it is"));
    }
}

#[tokio::test]
async fn an_operation_that_fails_is_a_fault_of_the_kind_its_code_means() {
    let rows = [
        ("ACCESS_DENIED", FaultKind::Denied),
        ("THROTTLED_REQUEST", FaultKind::Throttled),
        ("EXPIRED_TOKEN", FaultKind::NoCredentials),
        ("INTERNAL_FAILURE", FaultKind::ServerError),
        ("CANNOT_CREATE_HOSTED_ZONE", FaultKind::Refused),
        ("HOSTED_ZONE_NOT_FOUND", FaultKind::Refused),
        ("INVALID_CHANGE_BATCH", FaultKind::Refused),
    ];
    for (code, kind) in rows {
        let stage = begins(move |_| {
            operation(
                "FAIL",
                &json!({"ErrorCode": code, "ErrorMessage": "ConflictingDomainExists"}),
            )
        });
        let fault = make(&stage, private_dns()).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{code}");
        assert_eq!(&*fault.operation, "servicediscovery.CreatePrivateDnsNamespace");
        assert!(fault.message.starts_with(code), "{fault}");
        let shown = fault.message.contains("ConflictingDomainExists");
        assert_eq!(shown, kind != FaultKind::NoCredentials, "{fault}");
    }
}

#[tokio::test]
async fn an_operation_that_does_not_end_leaves_its_effect_unknown() {
    let stage = begins(|_| operation("PENDING", &json!({})));
    let fault = make(&stage, http()).await.unwrap_err();
    assert!(fault.kind.leaves_effect_unknown(), "{fault}");
    assert!(fault.message.contains("op-1 has not ended yet"), "{fault}");
    assert_eq!(stage.asked(LOOK).len(), 19);
}

#[tokio::test]
async fn a_deletion_in_the_way_makes_no_namespace() {
    let stage = begins(|_| operation("SUCCESS", &json!({"Type": "DELETE_NAMESPACE"})));
    let fault = make(&stage, http()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("DELETE_NAMESPACE"), "{fault}");
}

#[tokio::test]
async fn an_answer_that_lacks_what_matters_is_unreadable() {
    let unnamed = begins(|_| operation("SUCCESS", &json!({})));
    let nothing = begins(|_| json!({}));
    let no_operation = played(|_: &Asked| json!({}));
    for stage in [unnamed, nothing, no_operation] {
        let fault = make(&stage, http()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreadable, "{fault}");
    }
}

#[tokio::test]
async fn a_request_is_sent_once_and_a_look_up_to_three_times() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.operation.as_str() {
            CREATE => json!({"OperationId": "op-1"}).into(),
            _ => Told::error(500, "InternalFailure", "oops"),
        }
    });
    let fault = make(&stage, http()).await.unwrap_err();
    assert_eq!((fault.kind, &*fault.operation), (FaultKind::ServerError, LOOK));
    assert_eq!(stage.all_asked(), [CREATE, LOOK, LOOK, LOOK]);
    let stage = played(|_: &Asked| Told::error(500, "InternalFailure", "oops"));
    let fault = make(&stage, http()).await.unwrap_err();
    assert_eq!((fault.kind, &*fault.operation), (FaultKind::ServerError, CREATE));
    assert_eq!(stage.all_asked(), [CREATE]);
}
