//! The table of faults, row by row, and that each fault names the very call that failed.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::result::ConnectorError;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, Family, NamespaceId, ParameterName};
use eastwest_core::ecs::namespace::NamespaceUse;
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::action::Action;
use eastwest_core::view::reading::{Answer, Question};
use serde_json::{Value, json};

use super::{
    Asked, Stage, Told, bus, config, describe_asked, keys, lease, named_ports, namespace_arn,
    network, new_namespace, parameters, played, prod, queue, staged, web,
};
use crate::Operation;

/// How a read of the clusters fails.
async fn fault(stage: &Stage) -> Fault {
    match stage.execute(Effect::FindClusters).await {
        Event::ClustersFound(Err(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_error_code_has_its_kind() {
    use FaultKind::{Denied, NoCredentials, NotFound, Refused, ServerError, Throttled, TimedOut};
    let rows = [
        ("ThrottlingException", Throttled),
        ("Throttling", Throttled),
        ("TooManyRequestsException", Throttled),
        ("RequestLimitExceeded", Throttled),
        ("AccessDeniedException", Denied),
        ("AccessDenied", Denied),
        ("UnauthorizedOperation", Denied),
        ("NotAuthorized", Denied),
        ("ExpiredTokenException", NoCredentials),
        ("ExpiredToken", NoCredentials),
        ("UnrecognizedClientException", NoCredentials),
        ("InvalidClientTokenId", NoCredentials),
        ("SignatureDoesNotMatch", NoCredentials),
        ("InvalidSignatureException", NoCredentials),
        ("MissingAuthenticationTokenException", NoCredentials),
        ("ClusterNotFoundException", NotFound),
        ("ServiceNotFoundException", NotFound),
        ("NamespaceNotFoundException", NotFound),
        ("NamespaceNotFound", NotFound),
        ("ParameterNotFound", NotFound),
        ("ParameterVersionNotFound", NotFound),
        ("InvalidParameterException", Refused),
        ("ClientException", Refused),
        ("UnsupportedFeatureException", Refused),
        ("PlatformTaskDefinitionIncompatibilityException", Refused),
        ("PlatformUnknownException", Refused),
        ("ServiceNotActiveException", Refused),
        ("ValidationException", Refused),
        ("UnknownOperationException", Refused),
        ("SomethingNobodyHasHeardOfException", Refused),
        ("RequestTimeout", TimedOut),
        ("ServerException", ServerError),
        ("InternalFailure", ServerError),
        ("ServiceUnavailable", ServerError),
    ];
    for (code, kind) in rows {
        for written in
            [code.to_owned(), format!("com.amazonaws.ecs#{code}"), format!("{code}:http://x")]
        {
            let stage = played(move |_: &Asked| Told::error(400, &written, "some text"));
            let fault = fault(&stage).await;
            assert_eq!((fault.kind, &*fault.operation), (kind, "ecs.ListClusters"), "{code}");
            let name: &str = kind.into();
            let counted = stage.counted();
            assert!(
                counted.iter().all(|c| *c == format!("ecs.ListClusters {name}")),
                "{counted:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_status_decides_where_there_is_no_code() {
    let rows = [
        (429, FaultKind::Throttled),
        (500, FaultKind::ServerError),
        (502, FaultKind::ServerError),
        (503, FaultKind::ServerError),
        (408, FaultKind::TimedOut),
        (403, FaultKind::Unreadable),
        (404, FaultKind::Unreadable),
    ];
    for (status, kind) in rows {
        for body in ["", "{}"] {
            let stage = played(move |_: &Asked| Told::text(status, body));
            assert_eq!(fault(&stage).await.kind, kind, "{status} {body}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_says_bad_gateway_in_html_is_told_from_an_aws_that_fails() {
    for status in [500, 502, 503] {
        let stage = played(move |_: &Asked| Told::text(status, "<html><title>Oops</title></html>"));
        assert_eq!(fault(&stage).await.kind, FaultKind::Unreadable, "{status}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_called_so_and_not_shown() {
    for status in [200, 400, 500] {
        let stage = played(move |_: &Asked| Told::bytes(status, b"\x1f\x8b\x08\x00secret"));
        let message = fault(&stage).await.message;
        let words = "the answer is compressed (gzip), which eastwest did not ask for";
        assert_eq!(&*message, format!("HTTP {status}: {words}"));
    }
}

#[tokio::test]
async fn an_unknown_code_with_status_500_is_a_server_error() {
    let stage = played(|_: &Asked| Told::error(500, "NobodyKnowsException", "x"));
    assert_eq!(fault(&stage).await.kind, FaultKind::ServerError);
}

#[tokio::test]
async fn an_answer_that_is_html_is_unreadable_and_shows_its_title_only() {
    let page =
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>token=abc</body></html>";
    let stage = played(move |_: &Asked| Told::text(200, page));
    let fault = fault(&stage).await;
    assert_eq!(fault.kind, FaultKind::Unreadable);
    assert_eq!(&*fault.message, "HTTP 200: the answer is HTML, not JSON: Sign in");
    assert_eq!(stage.counted(), ["ecs.ListClusters Unreadable"]);
}

#[tokio::test]
async fn truncated_json_is_unreadable_and_not_shown() {
    let stage = played(|_: &Asked| Told::text(200, r#"{"clusterArns": ["arn:aws:ecs:secret"#));
    let fault = fault(&stage).await;
    assert_eq!(fault.kind, FaultKind::Unreadable);
    assert!(!fault.message.contains("secret"), "{fault}");
}

#[tokio::test]
async fn a_message_keeps_awss_words_on_one_short_line() {
    let stage = played(|_: &Asked| {
        Told::error(400, "InvalidParameterException", &format!("first\nsecond {}", "x".repeat(500)))
    });
    let fault = fault(&stage).await;
    assert!(fault.message.starts_with("InvalidParameterException: first second x"), "{fault}");
    assert_eq!(fault.message.chars().count(), 300);
}

#[tokio::test]
async fn a_rejected_signature_does_not_put_signed_headers_into_the_message() {
    let text = "The Canonical String for this request should have been\n'POST\nx-amz-security-token:IQoJb3JpZ2luX2Vj'";
    let stage = played(move |_: &Asked| Told::error(403, "InvalidSignatureException", text));
    let fault = fault(&stage).await;
    assert_eq!(fault.kind, FaultKind::NoCredentials);
    assert_eq!(&*fault.message, "InvalidSignatureException: AWS does not accept the credentials");
}

/// Somebody who should know the credentials and does not.
#[derive(Debug)]
struct Ignorant(fn() -> CredentialsError);

impl ProvideCredentials for Ignorant {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

fn without_credentials(why: fn() -> CredentialsError) -> Stage {
    let provider = SharedCredentialsProvider::new(Ignorant(why));
    let nobody = network::client(|_| -> http::Response<&str> { panic!("nothing is sent") });
    let config = config().credentials_provider(provider).http_client(nobody).build();
    staged(&config, Arc::default())
}

#[tokio::test]
async fn credentials_that_nobody_provides_are_their_own_kind_and_nothing_is_sent() {
    let stage = without_credentials(CredentialsError::not_loaded_no_source);
    let fault = fault(&stage).await;
    assert_eq!((fault.kind, &*fault.operation), (FaultKind::NoCredentials, "ecs.ListClusters"));
    assert_eq!(stage.counted(), ["ecs.ListClusters NoCredentials"]);
}

#[tokio::test]
async fn a_provider_that_fails_does_not_show_the_key_it_failed_with() {
    let stage =
        without_credentials(|| CredentialsError::provider_error("AKIAIOSFODNN7EXAMPLE is odd"));
    let fault = fault(&stage).await;
    assert_eq!(fault.kind, FaultKind::NoCredentials);
    assert!(fault.message.ends_with("(access key) is odd"), "{fault}");
}

#[tokio::test]
async fn a_provider_whose_own_call_breaks_off_has_no_credentials_and_is_no_slow_aws() {
    let stage = without_credentials(|| {
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        CredentialsError::provider_error(ConnectorError::io(reset.into()))
    });
    assert_eq!(fault(&stage).await.kind, FaultKind::NoCredentials);
}

#[tokio::test]
async fn no_provider_at_all_is_no_credentials_too() {
    let mut config = config();
    config.set_credentials_provider(None);
    let fault = fault(&staged(&config.build(), Arc::default())).await;
    assert_eq!(fault.kind, FaultKind::NoCredentials, "{fault}");
}

/// All that a world without faults answers.
fn everything(asked: &Asked) -> Value {
    match asked.operation.as_str() {
        "ecs.DescribeServices" => describe_asked(asked),
        "ecs.DescribeClusters" => json!({"clusters": [{"clusterName": "prod"}]}),
        "ecs.ListServiceDeployments" => json!({"serviceDeployments": [
            {"serviceDeploymentArn": "d", "status": "IN_PROGRESS", "createdAt": 1,
             "targetServiceRevisionArn": "r"}]}),
        "ecs.DescribeServiceDeployments" => json!({"serviceDeployments": []}),
        "ecs.DescribeServiceRevisions" => {
            json!({"serviceRevisions": [{"serviceRevisionArn": "r"}]})
        }
        "ecs.DescribeTaskDefinition" => named_ports::described(),
        "ecs.RegisterTaskDefinition" => named_ports::registered(asked),
        "ecs.UpdateService" => json!({"service": super::described("web")}),
        "ecs.ListClusters" => json!({"clusterArns": []}),
        "ecs.ListTasks" => json!({"taskArns": ["arn:aws:ecs:eu-west-1:1:task/prod/1"]}),
        "ecs.DescribeTasks" => {
            json!({"tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:1:task/prod/1"}]})
        }
        "servicediscovery.ListInstances" => json!({"Instances": []}),
        "servicediscovery.ListNamespaces" => json!({"Namespaces": []}),
        "servicediscovery.ListServices" => json!({"Services": []}),
        "servicediscovery.CreateHttpNamespace" | "servicediscovery.CreatePrivateDnsNamespace" => {
            json!({"OperationId": "op"})
        }
        "servicediscovery.GetOperation" => new_namespace::succeeded(),
        "ssm.GetParameter" => json!({"Parameter": parameters::parameter("/eastwest/a")}),
        "ssm.GetParametersByPath" => json!({"Parameters": []}),
        "dynamodb.GetItem" | "dynamodb.PutItem" => json!({}),
        "sqs.ReceiveMessage" => queue::messages(),
        "events.PutEvents" => bus::taken(),
        "sqs.DeleteMessageBatch" => json!({"Successful": [], "Failed": []}),
        "ecs.ListServices" => json!({"serviceArns": [super::arn("web")]}),
        "ecs.ListServicesByNamespace" => json!({"serviceArns": []}),
        other => panic!("{other}"),
    }
}

/// Every effect there is, as the faults in what it answered.
async fn every_effect(stage: &Stage) -> Vec<Fault> {
    let id = NamespaceId::as_read("ns-abcdefgh12345678");
    let effects = [
        Effect::FindClusters,
        Effect::Sweep(prod()),
        Effect::Refresh(prod(), keys(&["web"])),
        Effect::Confirm(web()),
        Effect::Ask(Question::Namespaces),
        Effect::Ask(Question::NamespaceUse(id, namespace_arn(), BTreeSet::new())),
        Effect::Ask(Question::TaskDefinition(Arn::as_read("td"))),
        Effect::Ask(Question::History(web())),
        Effect::Ask(Question::LatestRevision(Family::as_read("web"))),
        Effect::Ask(Question::Parameters(ParameterName::as_read("/eastwest/a"))),
        Effect::Ask(Question::Parameters(ParameterName::as_read("/eastwest/"))),
        Effect::Apply(Action::Disconnect { service: web() }),
        Effect::Make(new_namespace::http()),
        Effect::Make(new_namespace::private_dns()),
        Effect::Make(named_ports::wanted()),
        Effect::ReadLease(lease::key()),
        Effect::WriteLease(Box::new(lease::taking())),
        Effect::Receive(queue::url()),
        Effect::Delete(queue::url(), vec!["r1".to_owned()]),
    ];
    let mut faults = Vec::new();
    for effect in effects {
        faults.extend(faults_of(stage.execute(effect).await));
    }
    // What only `verify` reads is no effect.
    faults.extend(stage.world.tasks(&prod(), None).await.err());
    faults.extend(stage.world.instances(&namespace_arn()).await.err());
    faults.extend(bus::put(stage, 1).await.err());
    faults
}

fn faults_of(event: Event) -> Vec<Fault> {
    fn unseen<T>(seen: Seen<T>) -> Option<Fault> {
        match seen {
            Seen::Unknown(fault) => Some(fault),
            Seen::Known(_) | Seen::Absent => None,
        }
    }
    let of_history = unseen::<Vec<Past>>;
    match event {
        Event::ClustersFound(found) => found.err().into_iter().collect(),
        Event::Swept(reading) => {
            let services = reading.services.into_values().filter_map(unseen);
            let rest = [reading.listing.err(), unseen(reading.default_namespace)];
            services.chain(rest.into_iter().flatten()).collect()
        }
        Event::Refreshed(_, services) => services.into_values().filter_map(unseen).collect(),
        Event::Confirmed(_, service, history) => {
            [unseen(service), of_history(history)].into_iter().flatten().collect()
        }
        Event::Answered(answer) => match answer {
            Answer::Namespaces(seen) => unseen(seen),
            Answer::NamespaceUse(_, seen) => unseen::<NamespaceUse>(seen),
            Answer::History(_, seen) => of_history(seen),
            Answer::TaskDefinition(_, seen) | Answer::LatestRevision(_, seen) => unseen(seen),
            Answer::Parameters(_, seen) => unseen(seen),
        }
        .into_iter()
        .collect(),
        Event::Applied(_, outcome) => outcome.err().into_iter().collect(),
        Event::Made(_, outcome) => outcome.err().into_iter().collect(),
        Event::LeaseRead(_, outcome) => outcome.err().into_iter().collect(),
        Event::LeaseWritten(_, outcome) => outcome.err().into_iter().collect(),
        Event::Received(outcome) => outcome.err().into_iter().collect(),
        Event::Deleted(outcome) => outcome.err().into_iter().collect(),
        Event::Tick
        | Event::Stop
        | Event::Acknowledged(_)
        | Event::Retry(_)
        | Event::Pause(..)
        | Event::Resume(_)
        | Event::Look(_) => panic!("no effect is answered so"),
    }
}

#[tokio::test]
async fn the_effects_make_every_call_of_the_table_and_no_other() {
    let stage = played(everything);
    assert_eq!(every_effect(&stage).await, []);
    let asked: BTreeSet<String> = stage.all_asked().into_iter().collect();
    let table = Operation::ALL.iter().map(|o| o.id().to_owned()).collect();
    assert_eq!(asked, table);
}

#[tokio::test]
async fn a_fault_names_the_very_call_that_failed() {
    for operation in Operation::ALL {
        let stage = played(move |asked: &Asked| -> Told {
            if asked.operation == operation.id() {
                return Told::error(400, "AccessDeniedException", "no");
            }
            everything(asked).into()
        });
        let faults = every_effect(&stage).await;
        assert!(!faults.is_empty(), "{}", operation.id());
        for fault in faults {
            assert_eq!((fault.kind, &*fault.operation), (FaultKind::Denied, operation.id()));
        }
    }
}
