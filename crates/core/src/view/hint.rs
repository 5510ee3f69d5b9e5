//! What a message of the queue points at.
//!
//! **Invariant:** a message carries a key, and nothing that is believed. Anybody who can write to the queue may have
//! written it; it may be old, doubled, or of another account. All that follows from it is a look that comes sooner.
//!
//! The messages are events of EventBridge, in the shapes that AWS documents. `tests/events` has one of each, with its
//! source.

use serde_json::Value;

use crate::ecs::name::{Arn, ClusterName, ParameterName};
use crate::ecs::service_key::{ServiceKey, ServicePath};

/// The largest message that SQS takes (SQS quotas: 1 MiB).
const LARGEST: usize = 1024 * 1024;
/// So many services are taken from one message. AWS names one.
const MOST: usize = 10;

/// Something that may have changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// A service, its tags or its deployments.
    Service(ServiceKey),
    /// A parameter, or what lies below a path of them.
    Parameter(ParameterName),
    /// The namespaces that there are.
    Namespaces,
    /// The clusters that there are.
    Clusters,
}

/// What a message is about: a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
pub enum MessageKind {
    /// A service.
    Service,
    /// A parameter.
    Parameter,
    /// The namespaces.
    Namespaces,
    /// The clusters.
    Clusters,
    /// Nothing that eastwest watches.
    Other,
    /// It could not be read.
    Unread,
}

impl Hint {
    /// What a message that points at this is about.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Service(_) => MessageKind::Service,
            Self::Parameter(_) => MessageKind::Parameter,
            Self::Namespaces => MessageKind::Namespaces,
            Self::Clusters => MessageKind::Clusters,
        }
    }
}

/// A message that is no event: no JSON, too deep, too long, or without a member that each event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

/// What a message points at; nothing, if it is an event that eastwest has no use for.
pub fn read(body: &str) -> Result<Vec<Hint>, Unread> {
    if body.len() > LARGEST {
        return Err(Unread);
    }
    let event: Value = serde_json::from_str(body).map_err(|_| Unread)?;
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let (Some(source), Some(shape)) = (text("source"), text("detail-type")) else {
        return Err(Unread);
    };
    let detail = event.get("detail").filter(|detail| detail.is_object()).ok_or(Unread)?;
    Ok(match (source, shape) {
        ("aws.ecs", "ECS Deployment State Change" | "ECS Service Action")
        | ("aws.tag", "Tag Change on Resource") => services(&event),
        ("aws.ecs", "ECS Hook State Change") => paused(detail).into_iter().collect(),
        ("aws.ssm", "Parameter Store Change") => parameter(detail).into_iter().collect(),
        (_, "AWS API Call via CloudTrail") => called(&event, detail).into_iter().collect(),
        _ => Vec::new(),
    })
}

/// The services that an event names as its resources.
fn services(event: &Value) -> Vec<Hint> {
    let resources = event.get("resources").and_then(Value::as_array);
    let arns = resources.into_iter().flatten().filter_map(Value::as_str);
    arns.filter_map(service).take(MOST).collect()
}

/// The service whose deployment waits at a hook. The resources name the deployment.
fn paused(detail: &Value) -> Option<Hint> {
    service(detail.get("serviceArn")?.as_str()?)
}

fn parameter(detail: &Value) -> Option<Hint> {
    let name = detail.get("name")?.as_str()?;
    ParameterName::parse(name).ok().map(Hint::Parameter)
}

/// What a call changed that CloudTrail recorded. A call that was refused changed nothing.
fn called(event: &Value, detail: &Value) -> Option<Hint> {
    if detail.get("errorCode").is_some_and(|code| !code.is_null()) {
        return None;
    }
    let source = detail.get("eventSource")?.as_str()?;
    match (source, detail.get("eventName")?.as_str()?) {
        ("ecs.amazonaws.com", "TagResource" | "UntagResource") => {
            service(detail.pointer("/requestParameters/resourceArn")?.as_str()?)
        }
        ("ecs.amazonaws.com", "CreateService" | "UpdateService" | "DeleteService") => {
            let answered = detail.pointer("/responseElements/service/serviceArn");
            match answered.and_then(Value::as_str) {
                Some(arn) => service(arn),
                None => asked_for(event, detail),
            }
        }
        ("ecs.amazonaws.com", "CreateCluster" | "DeleteCluster") => Some(Hint::Clusters),
        ("servicediscovery.amazonaws.com", name) if name.ends_with("Namespace") => {
            Some(Hint::Namespaces)
        }
        _ => None,
    }
}

/// The service that a call asked for, in the account and the Region of the event. ECS takes names and ARNs for the
/// cluster and the service; the cluster that is not named is `default` (API:UpdateServiceRequest.cluster).
fn asked_for(event: &Value, detail: &Value) -> Option<Hint> {
    let asked = detail.get("requestParameters")?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let named = text("service").or_else(|| text("serviceName"))?;
    if let Some(hint) = service(named) {
        return Some(hint);
    }
    let cluster = ClusterName::parse(text("cluster").unwrap_or("default")).ok()?;
    let name = named.rsplit('/').next()?;
    let part = |name: &str| event.get(name).and_then(Value::as_str);
    let (region, account) = (part("region")?, part("account")?);
    service(&format!("arn:aws:ecs:{region}:{account}:service/{cluster}/{name}"))
}

/// The service of an ARN. One odd name would have AWS refuse a call about ten services, so only names that ECS allows
/// are taken.
fn service(arn: &str) -> Option<Hint> {
    if !arn.starts_with("arn:") || arn.split(':').nth(2) != Some("ecs") {
        return None;
    }
    let key = ServiceKey::of_arn(&Arn::as_read(arn))?;
    let path = key.to_string();
    let is_whole = arn.ends_with(&format!(":service/{path}"));
    (is_whole && ServicePath::parse(&path).is_ok()).then_some(Hint::Service(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! event {
        ($file:literal) => {
            include_str!(concat!("../../../../tests/events/", $file, ".json"))
        };
    }

    fn pointed_at(body: &str) -> String {
        let shown = |hint: &Hint| match hint {
            Hint::Service(key) => format!("{key} of {}", key.scope.account()),
            Hint::Parameter(name) => name.to_string(),
            Hint::Namespaces => "namespaces".to_owned(),
            Hint::Clusters => "clusters".to_owned(),
        };
        match read(body) {
            Ok(hints) => hints.iter().map(shown).collect::<Vec<_>>().join(", "),
            Err(Unread) => "unread".to_owned(),
        }
    }

    #[test]
    fn each_event_that_aws_documents_points_at_what_it_is_about() {
        let service = "prod/catalog of 123456789012";
        for (body, about) in [
            (event!("ecs-deployment-state-change"), service),
            (event!("ecs-service-action"), service),
            (event!("ecs-hook-state-change"), service),
            (event!("tag-change"), service),
            (event!("cloudtrail-ecs-tag-resource"), service),
            (event!("cloudtrail-ecs-untag-resource"), service),
            (event!("cloudtrail-ecs-create-service"), service),
            (event!("cloudtrail-ecs-update-service"), service),
            (event!("cloudtrail-ecs-delete-service"), service),
            (event!("cloudtrail-ecs-create-cluster"), "clusters"),
            (event!("cloudtrail-servicediscovery-create-http-namespace"), "namespaces"),
            (event!("cloudtrail-servicediscovery-delete-namespace"), "namespaces"),
            (event!("ssm-parameter-store-change"), "/eastwest/prod"),
            (event!("cloudtrail-ecs-update-service-refused"), ""),
            (event!("cloudtrail-servicediscovery-create-service"), ""),
        ] {
            assert_eq!(pointed_at(body), about, "{body}");
        }
    }

    #[test]
    fn an_answer_that_cloud_trail_left_out_is_made_up_for_by_the_request() {
        let mut event: Value =
            serde_json::from_str(event!("cloudtrail-ecs-update-service")).unwrap();
        event["detail"]["responseElements"] = Value::Null;
        assert_eq!(pointed_at(&event.to_string()), "prod/catalog of 123456789012");
        for (cluster, service, about) in [
            (Value::Null, "web", "default/web of 123456789012"),
            (
                "arn:aws:ecs:eu-central-1:123456789012:cluster/prod".into(),
                "web",
                "prod/web of 123456789012",
            ),
            (
                Value::Null,
                "arn:aws:ecs:eu-west-1:999999999999:service/shop/web",
                "shop/web of 999999999999",
            ),
        ] {
            event["detail"]["requestParameters"] =
                serde_json::json!({ "cluster": cluster, "service": service });
            assert_eq!(pointed_at(&event.to_string()), about);
        }
    }

    #[test]
    fn what_is_no_event_cannot_be_read() {
        let deep = "[".repeat(200_000);
        let large = event!("tag-change").to_owned() + &" ".repeat(LARGEST);
        for body in ["", "{", "null", "[]", "{}", r#"{"source":"aws.ecs"}"#, &deep, &large] {
            assert_eq!(read(body), Err(Unread), "{:.40}", body.trim());
        }
    }

    #[test]
    fn an_event_of_a_wrong_shape_or_with_an_odd_name_points_at_nothing() {
        let tag_change: Value = serde_json::from_str(event!("tag-change")).unwrap();
        let odd_names =
            ["arn:aws:ecs:r:1:service/prod/a b", "arn:aws:ecs:r:1:service/x/y/z", "web", ""];
        for arn in odd_names.map(Value::from).into_iter().chain([Value::Null, 7.into()]) {
            let mut event = tag_change.clone();
            event["resources"] = Value::Array(vec![arn]);
            assert_eq!(pointed_at(&event.to_string()), "", "{event}");
        }
        let mut other = tag_change;
        other["source"] = "com.example".into();
        assert_eq!(pointed_at(&other.to_string()), "");
    }

    proptest::proptest! {
        #[test]
        fn reading_any_text_ends(body in "\\PC{0,200}") {
            let _: Result<Vec<Hint>, Unread> = read(&body);
        }
    }
}
