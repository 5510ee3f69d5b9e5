//! The IAM policies that the calls of [`Operation`] need: `deploy/iam` is printed from here.
//!
//! A policy is for one thing that eastwest can be asked to do, so nobody grants what he does not use. Every call belongs
//! to exactly one statement, by a `match` without a default: a new call does not compile before it has one.
//!
//! **Invariant:** a write is pinned by every condition key that AWS offers for it and that eastwest does not send
//! (Service Authorization Reference, Amazon ECS). So a version with a bug cannot do more than the design.
//!
//! What the reader has to fill in is a word that begins with `REPLACE_`. The ARNs are those of the partition `aws`.

use serde_json::{Map, Value, json};

use crate::operation::Operation;

/// One policy: what it is for, and what it says.
#[derive(Debug)]
pub struct Policy {
    /// The name of its file in `deploy/iam`.
    pub name: &'static str,
    /// The policy itself.
    pub document: Value,
}

/// One statement of a policy. Its actions are those of the calls that belong to it, and `also`.
struct Statement {
    policy: &'static str,
    sid: &'static str,
    effect: &'static str,
    /// Actions that AWS asks of the caller of another call, or the one write once more.
    also: &'static [&'static str],
    resources: &'static [&'static str],
    condition: fn() -> Value,
}

/// Keys of `ecs:UpdateService` that eastwest never sends: they must be absent from the request.
const NEVER_SENT: [&str; 11] = [
    "ecs:task-definition",
    "ecs:capacity-provider",
    "ecs:subnet",
    "ecs:auto-assign-public-ip",
    "ecs:enable-execute-command",
    "ecs:enable-vpc-lattice",
    "ecs:enable-ebs-volumes",
    "ecs:enable-ecs-managed-tags",
    "ecs:propagate-tags",
    "ecs:task-cpu",
    "ecs:task-memory",
];
/// The tag that opts a service in, with the default prefix.
const OPT_IN: &str = "aws:ResourceTag/eastwest/mode";
const UPDATE: &[&str] = &["ecs:UpdateService"];
const SERVICES: &[&str] =
    &["arn:aws:ecs:REPLACE_REGION:REPLACE_ACCOUNT_ID:service/REPLACE_CLUSTER/*"];
const ALL: &[&str] = &["*"];

const ITSELF: &[&str] =
    &["arn:aws:ecs:REPLACE_REGION:REPLACE_ACCOUNT_ID:service/REPLACE_CLUSTER/REPLACE_OWN_SERVICE"];
const PARAMETERS: &[&str] = &[
    "arn:aws:ssm:REPLACE_REGION:REPLACE_ACCOUNT_ID:parameter/eastwest",
    "arn:aws:ssm:REPLACE_REGION:REPLACE_ACCOUNT_ID:parameter/eastwest/*",
];
const KEYS: &[&str] = &["arn:aws:kms:REPLACE_REGION:REPLACE_ACCOUNT_ID:key/*"];
/// A revision has no number before it is registered, so the ARN of the family alone may be what AWS checks.
const FAMILIES: &[&str] = &[
    "arn:aws:ecs:REPLACE_REGION:REPLACE_ACCOUNT_ID:task-definition/REPLACE_FAMILY",
    "arn:aws:ecs:REPLACE_REGION:REPLACE_ACCOUNT_ID:task-definition/REPLACE_FAMILY:*",
];
const PASS: &[&str] = &["iam:PassRole"];
const TASK_ROLES: &[&str] = &["arn:aws:iam::REPLACE_ACCOUNT_ID:role/REPLACE_ROLES_OF_TASKS"];
const TLS_ROLES: &[&str] = &["arn:aws:iam::REPLACE_ACCOUNT_ID:role/REPLACE_ROLE_OF_TLS"];
const QUEUE: &[&str] = &["arn:aws:sqs:REPLACE_REGION:REPLACE_ACCOUNT_ID:eastwest"];
const BUS: &[&str] = &["arn:aws:events:REPLACE_REGION:REPLACE_ACCOUNT_ID:event-bus/REPLACE_BUS"];
const TABLE: &[&str] = &["arn:aws:dynamodb:REPLACE_REGION:REPLACE_ACCOUNT_ID:table/eastwest"];
/// Cloud Map makes the hosted zone of a private DNS namespace in the name of its caller (Cloud Map guide,
/// cloud-map-api-permissions-ref).
const ZONE: &[&str] = &[
    "route53:CreateHostedZone",
    "route53:GetHostedZone",
    "route53:ListHostedZonesByName",
    "ec2:DescribeVpcs",
    "ec2:DescribeRegions",
];

/// Every statement, in the order of the policies and of the lines in them.
const STATEMENTS: [Statement; 18] = [
    allow("observe", "Look", &[], ALL, none),
    allow("converge", "ChangeServiceConnect", &[], SERVICES, || write(true, true)),
    allow("converge", "RefreshClients", UPDATE, SERVICES, || write(true, false)),
    Statement { effect: "Deny", ..allow("converge", "LeaveEastwestAlone", UPDATE, ITSELF, none) },
    allow("document-opt-in", "ChangeServiceConnect", UPDATE, SERVICES, || write(false, true)),
    allow("document-opt-in", "RefreshClients", UPDATE, SERVICES, || write(false, false)),
    allow("document", "ReadTheDocument", &[], PARAMETERS, none),
    allow("document", "DecryptTheDocument", &["kms:Decrypt"], KEYS, of_parameters),
    allow("create-namespaces", "CreateNamespaces", &[], ALL, none),
    allow("create-namespaces", "CreateTheHostedZone", ZONE, ALL, none),
    allow("name-ports", "RegisterRevisions", &[], FAMILIES, unprivileged),
    allow("name-ports", "KeepTheirTags", &["ecs:TagResource"], FAMILIES, on_registration),
    allow("name-ports", "PassTheirRoles", PASS, TASK_ROLES, || to("ecs-tasks.amazonaws.com")),
    allow("tls", "PassTheRoleOfTls", PASS, TLS_ROLES, || to("ecs.amazonaws.com")),
    allow("events", "ReceiveTheEvents", &[], QUEUE, none),
    allow("verify", "LookAtTasks", &[], ALL, none),
    allow("lease", "HoldTheLeases", &[], TABLE, own_items),
    allow("notify", "TellPeople", &[], BUS, of_eastwest),
];

/// The statement that allows a call: its policy and its name there.
const fn belongs(operation: Operation) -> (&'static str, &'static str) {
    match operation {
        Operation::ListClusters
        | Operation::DescribeClusters
        | Operation::ListServices
        | Operation::DescribeServices
        | Operation::ListServicesByNamespace
        | Operation::ListServiceDeployments
        | Operation::DescribeDeployments
        | Operation::DescribeRevisions
        | Operation::DescribeTaskDefinition
        | Operation::ListNamespaces
        | Operation::ListCloudMapServices => ("observe", "Look"),
        Operation::ListTasks | Operation::DescribeTasks | Operation::ListInstances => {
            ("verify", "LookAtTasks")
        }
        Operation::UpdateService => ("converge", "ChangeServiceConnect"),
        Operation::RegisterTaskDefinition => ("name-ports", "RegisterRevisions"),
        Operation::GetOperation
        | Operation::CreateHttpNamespace
        | Operation::CreatePrivateDnsNamespace => ("create-namespaces", "CreateNamespaces"),
        Operation::GetParameter | Operation::GetParametersByPath => ("document", "ReadTheDocument"),
        Operation::GetItem | Operation::PutItem => ("lease", "HoldTheLeases"),
        Operation::ReceiveMessage | Operation::DeleteMessages => ("events", "ReceiveTheEvents"),
        Operation::PutEvents => ("notify", "TellPeople"),
    }
}

/// Every policy, with what is to be replaced in it.
pub fn policies() -> Vec<Policy> {
    let mut policies: Vec<Policy> = Vec::new();
    for statement in &STATEMENTS {
        if policies.last().is_none_or(|last| last.name != statement.policy) {
            let document = json!({ "Version": "2012-10-17", "Statement": [] });
            policies.push(Policy { name: statement.policy, document });
        }
        let last = policies.last_mut().and_then(|last| last.document["Statement"].as_array_mut());
        if let Some(statements) = last {
            statements.push(statement.json());
        }
    }
    policies
}

impl Statement {
    fn actions(&self) -> Vec<&'static str> {
        let mine = |operation: &&Operation| belongs(**operation) == (self.policy, self.sid);
        let calls = Operation::ALL.iter().filter(mine).map(|operation| operation.action());
        calls.chain(self.also.iter().copied()).collect()
    }

    fn json(&self) -> Value {
        let mut members = Map::new();
        members.insert("Sid".to_owned(), self.sid.into());
        members.insert("Effect".to_owned(), self.effect.into());
        members.insert("Action".to_owned(), self.actions().into());
        members.insert("Resource".to_owned(), self.resources.into());
        let condition = (self.condition)();
        if !condition.is_null() {
            members.insert("Condition".to_owned(), condition);
        }
        members.into()
    }
}

const fn allow(
    policy: &'static str,
    sid: &'static str,
    also: &'static [&'static str],
    resources: &'static [&'static str],
    condition: fn() -> Value,
) -> Statement {
    Statement { policy, sid, effect: "Allow", also, resources, condition }
}

fn none() -> Value {
    Value::Null
}

/// The one write: it carries a Service Connect setting, or, to refresh a client, neither that nor a namespace.
fn write(opted_in: bool, configures: bool) -> Value {
    let mut absent = Map::new();
    if opted_in {
        absent.insert(OPT_IN.to_owned(), "false".into());
    }
    let told = if configures { "false" } else { "true" };
    absent.insert("ecs:enable-service-connect".to_owned(), told.into());
    if !configures {
        absent.insert("ecs:namespace".to_owned(), "true".into());
    }
    absent.extend(NEVER_SENT.map(|key| (key.to_owned(), "true".into())));
    let mut condition = json!({ "Null": absent });
    if configures {
        // `IfExists`: switching Service Connect off names no namespace.
        condition["ArnLikeIfExists"] =
            json!({ "ecs:namespace": "arn:aws:servicediscovery:*:*:namespace/REPLACE_NAMESPACE" });
    }
    condition
}

/// A key is used through Parameter Store only, and only for the parameters that may be read.
fn of_parameters() -> Value {
    json!({ "StringLike": {
        "kms:ViaService": "ssm.*.amazonaws.com",
        "kms:EncryptionContext:PARAMETER_ARN": PARAMETERS,
    } })
}

fn unprivileged() -> Value {
    json!({ "StringEqualsIfExists": { "ecs:privileged": "false" } })
}

fn on_registration() -> Value {
    json!({ "StringEquals": { "ecs:CreateAction": "RegisterTaskDefinition" } })
}

/// A role is passed to this service of AWS and to no other.
fn to(service: &str) -> Value {
    json!({ "StringEquals": { "iam:PassedToService": service } })
}

/// No event is sent in the name of another source (EventBridge user guide, eb-use-conditions).
fn of_eastwest() -> Value {
    json!({ "StringEquals": { "events:source": crate::bus::SOURCE } })
}

fn own_items() -> Value {
    json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": "REPLACE_ACCOUNT_ID/*" } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Access;

    fn all(policy: &Policy) -> impl Iterator<Item = &Value> {
        policy.document["Statement"].as_array().into_iter().flatten()
    }

    #[test]
    fn every_call_belongs_to_a_statement_and_no_statement_allows_nothing() {
        for operation in Operation::ALL {
            let (policy, sid) = belongs(*operation);
            let found = STATEMENTS.iter().filter(|s| (s.policy, s.sid) == (policy, sid)).count();
            assert_eq!(found, 1, "{}", operation.id());
        }
        for statement in &STATEMENTS {
            assert!(!statement.actions().is_empty(), "{} {}", statement.policy, statement.sid);
        }
    }

    #[test]
    fn a_policy_stands_once_and_its_statements_have_names_of_their_own() {
        let policies = policies();
        let names: std::collections::BTreeSet<_> = policies.iter().map(|p| p.name).collect();
        assert_eq!(names.len(), policies.len());
        for policy in &policies {
            let names: std::collections::BTreeSet<_> =
                all(policy).map(|s| s["Sid"].to_string()).collect();
            assert_eq!(names.len(), all(policy).count(), "{}", policy.name);
        }
    }

    #[test]
    fn only_reads_are_allowed_everywhere_and_namespaces_that_do_not_exist_yet() {
        for statement in STATEMENTS.iter().filter(|s| s.resources == ALL) {
            let mine = |o: &&Operation| belongs(**o) == (statement.policy, statement.sid);
            let writes = Operation::ALL.iter().filter(mine).any(|o| o.access() != Access::Read);
            assert!(!writes || statement.policy == "create-namespaces", "{}", statement.sid);
        }
    }

    #[test]
    fn a_refresh_differs_from_a_change_only_in_what_it_does_not_say() {
        for opted_in in [true, false] {
            let (change, refresh) = (write(opted_in, true), write(opted_in, false));
            let key = "ecs:enable-service-connect";
            assert_eq!(
                (&change["Null"][key], &refresh["Null"][key]),
                (&json!("false"), &json!("true"))
            );
            assert_eq!(change["Null"].get(OPT_IN).is_some(), opted_in);
            for key in NEVER_SENT {
                assert_eq!(
                    (&change["Null"][key], &refresh["Null"][key]),
                    (&json!("true"), &json!("true"))
                );
            }
        }
    }
}
