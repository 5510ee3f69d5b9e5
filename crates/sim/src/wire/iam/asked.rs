//! What a call asks for: an action, a resource, and the condition keys that its request gives a value.
//!
//! The keys of ECS are those of the Service Authorization Reference. A key stands in the request if the member that it speaks of
//! does; whether AWS fills one from the service when the member is left out is not documented, and not done here.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Model;

/// One permission that a call needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) keys: BTreeMap<String, Vec<String>>,
}

/// The members of `ecs.UpdateService` that have a condition key.
const KEYS: [(&str, &str); 12] = [
    ("ecs:task-definition", "/taskDefinition"),
    ("ecs:capacity-provider", "/capacityProviderStrategy/0/capacityProvider"),
    ("ecs:subnet", "/networkConfiguration/awsvpcConfiguration/subnets/0"),
    ("ecs:auto-assign-public-ip", "/networkConfiguration/awsvpcConfiguration/assignPublicIp"),
    ("ecs:enable-execute-command", "/enableExecuteCommand"),
    ("ecs:enable-vpc-lattice", "/vpcLatticeConfigurations"),
    ("ecs:enable-ebs-volumes", "/volumeConfigurations"),
    ("ecs:enable-ecs-managed-tags", "/enableECSManagedTags"),
    ("ecs:propagate-tags", "/propagateTags"),
    ("ecs:enable-service-connect", "/serviceConnectConfiguration/enabled"),
    ("ecs:task-cpu", "/cpu"),
    ("ecs:task-memory", "/memory"),
];
/// What AWS asks of the caller of `servicediscovery.CreatePrivateDnsNamespace` (Cloud Map guide,
/// cloud-map-api-permissions-ref).
const ZONE: [&str; 5] = [
    "route53:CreateHostedZone",
    "route53:GetHostedZone",
    "route53:ListHostedZonesByName",
    "ec2:DescribeVpcs",
    "ec2:DescribeRegions",
];

/// Every permission that a call needs, its own first.
pub(super) fn by(op: &str, body: &Value, model: &Model) -> Vec<Asked> {
    let call = Call { op, body, model };
    if op == "events.PutEvents" {
        return call.events();
    }
    let mut all = vec![call.own()];
    match op {
        "ecs.UpdateService" | "ecs.CreateService" => all.extend(call.roles_of_tls()),
        "ecs.RegisterTaskDefinition" => {
            let roles = ["taskRoleArn", "executionRoleArn"].map(|member| call.text(member));
            all.extend(roles.into_iter().flatten().map(|r| pass(r, "ecs-tasks.amazonaws.com")));
            all.extend(call.tags_of_a_revision());
        }
        "ssm.GetParameter" | "ssm.GetParametersByPath" => all.extend(call.decryption()),
        "servicediscovery.CreatePrivateDnsNamespace" => all.extend(ZONE.map(|action| Asked {
            action: action.to_owned(),
            resource: "*".to_owned(),
            ..Asked::default()
        })),
        _ => {}
    }
    all
}

struct Call<'a> {
    op: &'a str,
    body: &'a Value,
    model: &'a Model,
}

impl Call<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    fn arn(&self, service: &str, path: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{path}", self.model.region(), self.model.account())
    }

    fn own(&self) -> Asked {
        // A batch needs the permission of the single call.
        let action = self.op.replacen('.', ":", 1).trim_end_matches("Batch").to_owned();
        Asked { action, resource: self.resource(), keys: self.keys() }
    }

    /// Each event needs the permission for its bus and its source (EventBridge user guide, eb-use-conditions).
    fn events(&self) -> Vec<Asked> {
        let entries = self.body["Entries"].as_array().into_iter().flatten();
        let asked = |entry: &Value| {
            let bus = entry["EventBusName"].as_str().unwrap_or("default");
            let own = || self.arn("events", &format!("event-bus/{bus}"));
            let source = entry["Source"].as_str().map(str::to_owned);
            Asked {
                action: "events:PutEvents".to_owned(),
                resource: if bus.starts_with("arn:") { bus.to_owned() } else { own() },
                keys: source
                    .map(|source| ("events:source".to_owned(), vec![source]))
                    .into_iter()
                    .collect(),
            }
        };
        entries.map(asked).collect()
    }

    /// What the request names; `*` where a call is about no single thing.
    fn resource(&self) -> String {
        let api = self.op.split('.').next().unwrap_or_default();
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        match api {
            "sqs" => {
                let queue = self.text("QueueUrl").or(self.text("QueueName")).map(last);
                queue.map_or("*".to_owned(), |queue| self.arn("sqs", &queue))
            }
            "ssm" => {
                let name = self.text("Name").or(self.text("Path")).unwrap_or("*");
                self.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')))
            }
            "ecs" => self.resource_of_ecs(last),
            _ => "*".to_owned(),
        }
    }

    fn resource_of_ecs(&self, last: impl Fn(&str) -> String) -> String {
        let cluster = last(self.text("cluster").unwrap_or("default"));
        if let Some(service) = self.text("service").or(self.text("serviceName")) {
            let own = || self.arn("ecs", &format!("service/{cluster}/{}", last(service)));
            return if service.starts_with("arn:") { service.to_owned() } else { own() };
        }
        let family = self.text("family").filter(|_| self.op == "ecs.RegisterTaskDefinition");
        if let Some(family) = family {
            return self.arn("ecs", &format!("task-definition/{family}"));
        }
        let named = self.text("resourceArn").or(self.text("taskDefinition")).map(str::to_owned);
        let of_cluster =
            || self.text("cluster").map(|_| self.arn("ecs", &format!("cluster/{cluster}")));
        named.or_else(of_cluster).unwrap_or("*".to_owned())
    }

    fn keys(&self) -> BTreeMap<String, Vec<String>> {
        let mut keys = BTreeMap::new();
        let mut put = |key: String, values: Vec<String>| drop(keys.insert(key, values));
        match self.op {
            "ecs.UpdateService" | "ecs.CreateService" | "ecs.DeleteService" => {
                for (key, value) in self.model.tags_named(&self.resource()) {
                    put(format!("aws:ResourceTag/{key}"), vec![value.clone()]);
                    put(format!("ecs:ResourceTag/{key}"), vec![value]);
                }
                for (key, pointer) in KEYS {
                    if let Some(value) = self.body.pointer(pointer).filter(|value| !value.is_null())
                    {
                        put(key.to_owned(), vec![plain(value)]);
                    }
                }
                if let Some(namespace) = self.namespace() {
                    put("ecs:namespace".to_owned(), vec![namespace]);
                }
            }
            "ecs.RegisterTaskDefinition" => {
                let containers = self.body["containerDefinitions"].as_array().into_iter().flatten();
                let privileged =
                    containers.filter_map(|each| each["privileged"].as_bool()).any(|it| it);
                put("ecs:privileged".to_owned(), vec![privileged.to_string()]);
            }
            _ => {}
        }
        let tags = self.body.get("tags").and_then(Value::as_array).into_iter().flatten();
        let given = tags.filter_map(|tag| tag["key"].as_str());
        let taken = self.body.get("tagKeys").and_then(Value::as_array).into_iter().flatten();
        let named: Vec<String> =
            given.chain(taken.filter_map(Value::as_str)).map(str::to_owned).collect();
        if !named.is_empty() {
            keys.insert("aws:TagKeys".to_owned(), named);
        }
        keys
    }

    /// The namespace of the request as an ARN, however it was named.
    fn namespace(&self) -> Option<String> {
        let named = self.body.pointer("/serviceConnectConfiguration/namespace")?.as_str()?;
        Some(self.model.arn_of_namespace(named).unwrap_or_else(|| named.to_owned()))
    }

    /// Parameter Store decrypts in the name of its caller (Systems Manager guide, how Parameter Store uses AWS KMS). The
    /// account's own key for it asks nothing of the caller's policies: its key policy allows everybody in the account.
    fn decryption(&self) -> Vec<Asked> {
        if self.body["WithDecryption"] != true {
            return Vec::new();
        }
        let (name, path) = (self.text("Name"), self.text("Path"));
        let secrets = self.model.secrets_with_a_key(name, path);
        let via = format!("ssm.{}.amazonaws.com", self.model.region());
        let asked = |(parameter, key): (String, String)| Asked {
            action: "kms:Decrypt".to_owned(),
            resource: if key.starts_with("arn:") {
                key
            } else {
                self.arn("kms", &format!("key/{key}"))
            },
            keys: BTreeMap::from([
                ("kms:ViaService".to_owned(), vec![via.clone()]),
                ("kms:EncryptionContext:PARAMETER_ARN".to_owned(), vec![parameter]),
            ]),
        };
        secrets.into_iter().map(asked).collect()
    }

    fn roles_of_tls(&self) -> Vec<Asked> {
        let endpoints = self.body.pointer("/serviceConnectConfiguration/services");
        let endpoints = endpoints.and_then(Value::as_array).into_iter().flatten();
        let roles = endpoints.filter_map(|endpoint| endpoint.pointer("/tls/roleArn")?.as_str());
        roles.map(|role| pass(role, "ecs.amazonaws.com")).collect()
    }

    /// Tags that come with a registration need a permission of their own.
    fn tags_of_a_revision(&self) -> Option<Asked> {
        let tags = self.body.get("tags")?.as_array().filter(|tags| !tags.is_empty())?;
        let named = tags.iter().filter_map(|tag| tag["key"].as_str()).map(str::to_owned).collect();
        let keys = BTreeMap::from([
            ("ecs:CreateAction".to_owned(), vec!["RegisterTaskDefinition".to_owned()]),
            ("aws:TagKeys".to_owned(), named),
        ]);
        Some(Asked { action: "ecs:TagResource".to_owned(), resource: self.resource(), keys })
    }
}

fn pass(role: &str, to: &str) -> Asked {
    let keys = BTreeMap::from([("iam:PassedToService".to_owned(), vec![to.to_owned()])]);
    Asked { action: "iam:PassRole".to_owned(), resource: role.to_owned(), keys }
}

/// A value of a member as a condition compares it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => "true".to_owned(),
        other => other.to_string(),
    }
}
