//! The answers: one small function for each call that the real world makes.
//!
//! Listings come in one page. What was not captured is answered as AWS answers what is not there, with the words
//! that name what to capture; core makes "not seen" of it, as of any failed call.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::ecs::name::{Arn, NamespaceRef};
use serde_json::{Value, json};

use super::capture::{Captures, items, resource, word};
use super::namespaces::{self, default_of, resolve};

/// Everything that can be answered.
#[derive(Debug)]
pub(super) struct Answers {
    captures: Captures,
    namespaces: BTreeMap<String, Value>,
    /// The namespaces of Cloud Map services, as far as their use shows.
    places: BTreeMap<String, BTreeSet<String>>,
    /// The services that were listed and not described, by cluster and name, as `failures` shows them.
    undescribed: BTreeMap<(String, String), Value>,
}

/// The token of what could not be listed when it was captured.
const THE_REST: &str = "the rest";

impl Answers {
    /// The answers that captures hold.
    pub(super) fn of(captures: Captures) -> Self {
        let namespaces = namespaces::all(&captures);
        let undescribed = captures.undescribed_services().into_iter();
        let undescribed =
            undescribed.map(|(cluster, name, failure)| ((cluster, name), failure)).collect();
        let mut answers = Self { captures, namespaces, places: BTreeMap::new(), undescribed };
        answers.places = answers.used();
        answers
    }

    /// The answer to a request, or the refusal. `target` is the header that names the call.
    pub(super) fn to(&self, target: &str, request: &Value) -> Result<Value, Value> {
        let (api, call) = target.split_once('.').unwrap_or_default();
        let is_ecs = api.starts_with("AmazonEC2ContainerService");
        let api = if is_ecs { "ecs" } else { "servicediscovery" };
        // Of services that could not all be listed, those that were are listed here, too.
        if let Some(refused) = self.captures.refusal(api, call, request)
            && (api, call) != ("ecs", "ListServices")
        {
            return Err(refused.again());
        }
        match (is_ecs, call) {
            (true, "ListClusters") => Ok(json!({"clusterArns": self.listed_clusters()})),
            (true, "DescribeClusters") => Ok(self.describe_clusters(request)),
            (true, "ListServices") => self.list_services(request),
            (true, "DescribeServices") => Ok(self.describe_services(request)),
            (true, "DescribeTaskDefinition") => self.describe_task_definition(request),
            (true, "ListServicesByNamespace") => Ok(self.members(request)),
            (true, "ListTasks") => self.list_tasks(request),
            (true, "DescribeTasks") => {
                let tasks = self.captures.described_tasks(items(request, "tasks"));
                Ok(json!({"tasks": tasks}))
            }
            (false, "ListInstances") => self.list_instances(request),
            (true, "ListServiceDeployments") => Ok(self.list_deployments(request)),
            (true, "DescribeServiceDeployments") => Ok(self.describe_deployments(request)),
            (true, "DescribeServiceRevisions") => self.describe_revisions(request),
            (false, "ListNamespaces") => {
                Ok(json!({"Namespaces": self.namespaces.values().collect::<Vec<_>>()}))
            }
            (false, "ListServices") => Ok(self.cloud_map_services(request)),
            _ => Err(refusal("ClientException", &format!("captures have no answer to {call}"))),
        }
    }

    /// The clusters that a manifest lists, or else all that are known.
    fn listed_clusters(&self) -> BTreeSet<&str> {
        match &self.captures.watched {
            Some(watched) => watched.iter().map(String::as_str).collect(),
            None => self.cluster_arns(),
        }
    }

    /// The clusters that were captured, and those of the services.
    fn cluster_arns(&self) -> BTreeSet<&str> {
        let Captures { services, clusters, .. } = &self.captures;
        let arns = services.values().chain(clusters.values());
        arns.filter_map(|value| value.get("clusterArn")?.as_str()).collect()
    }

    fn has_cluster(&self, name: &str) -> bool {
        let mut known = self.cluster_arns().into_iter().chain(self.listed_clusters());
        known.any(|arn| resource(arn) == name)
    }

    /// A cluster of which only services were captured is taken to have no default namespace.
    fn describe_clusters(&self, request: &Value) -> Value {
        let asked = items(request, "clusters").iter().filter_map(Value::as_str);
        let clusters = asked.filter_map(|name| match self.captures.clusters.get(name) {
            Some(cluster) => Some(cluster.clone()),
            None => self.has_cluster(name).then(|| json!({"clusterName": name})),
        });
        json!({"clusters": clusters.collect::<Vec<_>>()})
    }

    /// ECS does not list what is deleted, but describes it for a while.
    fn list_services(&self, request: &Value) -> Result<Value, Value> {
        let cluster = word(request, "cluster");
        let services = self.captures.services.iter().filter(|((place, _), _)| place == cluster);
        let listed = services.filter(|(_, service)| word(service, "status") != "INACTIVE");
        let listed = listed.filter_map(|(_, service)| service.get("serviceArn").cloned());
        let undescribed = self.undescribed.iter().filter(|((place, _), _)| place == cluster);
        let undescribed = undescribed.map(|((_, name), _)| json!(self.service_arn(cluster, name)));
        let arns: Vec<Value> = listed.chain(undescribed).collect();
        match self.captures.refusal("ecs", "ListServices", request) {
            Some(refused) if arns.is_empty() || word(request, "nextToken") == THE_REST => {
                Err(refused.again())
            }
            Some(_) => Ok(json!({"serviceArns": arns, "nextToken": THE_REST})),
            None if !self.has_cluster(cluster) => {
                Err(refusal("ClusterNotFoundException", "not captured"))
            }
            None => Ok(json!({"serviceArns": arns})),
        }
    }

    /// The ARN of a service that was not described: as its cluster's.
    fn service_arn(&self, cluster: &str, name: &str) -> String {
        let known = self.captures.clusters.get(cluster).map(|known| word(known, "clusterArn"));
        let place = known.and_then(|arn| arn.split_once(":cluster/"));
        place.map_or_else(
            || name.to_owned(),
            |(place, _)| format!("{place}:service/{cluster}/{name}"),
        )
    }

    fn describe_services(&self, request: &Value) -> Value {
        let cluster = word(request, "cluster");
        let asked = items(request, "services").iter().filter_map(Value::as_str);
        let key = |name: &str| (cluster.to_owned(), name.to_owned());
        let found = asked.clone().filter_map(|name| self.captures.services.get(&key(name)));
        let failures = asked.filter_map(|name| self.undescribed.get(&key(name)));
        json!({"services": found.collect::<Vec<_>>(), "failures": failures.collect::<Vec<_>>()})
    }

    /// By ARN, or the latest captured revision by the family's name.
    fn describe_task_definition(&self, request: &Value) -> Result<Value, Value> {
        let asked = word(request, "taskDefinition");
        let known = &self.captures.task_definitions;
        let family = known.iter().filter(|(arn, _)| Arn::as_read(arn).family().as_str() == asked);
        let latest = family.max_by_key(|(_, definition)| definition.get("revision")?.as_u64());
        if let Some(definition) = known.get(asked).or(latest.map(|(_, definition)| definition)) {
            return Ok(json!({"taskDefinition": definition}));
        }
        let name = resource(asked);
        let hint = format!(
            "not captured; add `aws ecs describe-task-definition --task-definition {name}`"
        );
        Err(refusal("ClientException", &hint))
    }

    /// Those of one service, or all of a cluster.
    fn list_tasks(&self, request: &Value) -> Result<Value, Value> {
        let cluster = word(request, "cluster");
        let asked = request.get("serviceName").and_then(Value::as_str);
        let all = self.captures.services.keys().filter(|(place, _)| place == cluster);
        let all = all.map(|(_, name)| name.as_str());
        let names: Vec<&str> = asked.map_or_else(|| all.collect(), |name| vec![name]);
        let mut arns = Vec::new();
        for name in names {
            let found = self.captures.tasks_of(cluster, name);
            let found = found.map_err(|hint| refusal("ClientException", &hint))?;
            arns.extend(found.into_iter().filter_map(|task| task.get("taskArn")));
        }
        Ok(json!({"taskArns": arns}))
    }

    /// Captures know instances by the names of their service and its namespace.
    fn list_instances(&self, request: &Value) -> Result<Value, Value> {
        let arn = word(request, "ServiceId");
        let ids = self.places.get(arn).into_iter().flatten();
        let namespaces: Vec<&str> =
            ids.filter_map(|id| http_name(self.namespaces.get(id)?)).collect();
        let mut names = self.captures.discovery_names(arn).into_iter();
        let name = names.next().unwrap_or_default();
        if let Some(instances) = self.captures.instances_of(&namespaces, name) {
            return Ok(json!({"Instances": instances}));
        }
        let namespace = namespaces.first().unwrap_or(&"NAMESPACE");
        let hint = format!(
            "not captured; add `aws servicediscovery discover-instances --namespace-name {namespace} --service-name {name} --health-status ALL`"
        );
        Err(refusal("ClientException", &hint))
    }

    /// Of a service whose deployments were not captured nothing is remembered: it has none.
    fn list_deployments(&self, request: &Value) -> Value {
        let key = (word(request, "cluster").to_owned(), word(request, "service").to_owned());
        let arn = self.captures.services.get(&key).map(|service| word(service, "serviceArn"));
        let known = self.captures.deployments.values();
        let of_service = known.filter(|deployment| Some(word(deployment, "serviceArn")) == arn);
        json!({"serviceDeployments": of_service.map(as_listed).collect::<Vec<_>>()})
    }

    fn describe_deployments(&self, request: &Value) -> Value {
        let asked = items(request, "serviceDeploymentArns").iter().filter_map(Value::as_str);
        let found = asked.filter_map(|arn| self.captures.deployments.get(arn));
        json!({"serviceDeployments": found.collect::<Vec<_>>()})
    }

    /// One that AWS had lost when it was asked is lost here too; one that was not asked for must be captured.
    fn describe_revisions(&self, request: &Value) -> Result<Value, Value> {
        let asked = items(request, "serviceRevisionArns").iter().filter_map(Value::as_str);
        let (mut found, mut lost) = (Vec::new(), Vec::new());
        for arn in asked {
            match self.captures.revisions.get(arn) {
                Some(Value::Null) => lost.push(json!({"arn": arn, "reason": "MISSING"})),
                Some(revision) => found.push(revision),
                None => return Err(refusal("ClientException", &uncaptured_revision(arn))),
            }
        }
        Ok(json!({"serviceRevisions": found, "failures": lost}))
    }

    /// The services any deployment of which is in the namespace.
    fn members(&self, request: &Value) -> Value {
        let wanted = self.resolved(word(request, "namespace"));
        if let Some(arns) = self.noted(&self.captures.members, wanted) {
            return json!({"serviceArns": arns});
        }
        let services = self.captures.services.iter();
        let inside = services.filter(|((cluster, _), service)| {
            self.namespaces_of(cluster, service).any(|id| Some(id) == wanted)
        });
        let arns: Vec<&Value> = inside.filter_map(|(_, s)| s.get("serviceArn")).collect();
        json!({"serviceArns": arns})
    }

    /// The namespaces of a service's deployments, the cluster's default where one names none.
    fn namespaces_of<'a>(
        &'a self,
        cluster: &'a str,
        service: &'a Value,
    ) -> impl Iterator<Item = &'a str> {
        let default = self.captures.clusters.get(cluster).and_then(default_of);
        items(service, "deployments").iter().filter_map(move |deployment| {
            let config = deployment.get("serviceConnectConfiguration")?;
            config.get("enabled")?.as_bool().filter(|enabled| *enabled)?;
            let named = config.get("namespace").and_then(Value::as_str);
            self.resolved(named.filter(|name| !name.is_empty()).or(default)?)
        })
    }

    /// What was noted of a namespace when it was asked for.
    fn noted<'a>(
        &self,
        of: &'a BTreeMap<String, BTreeSet<String>>,
        wanted: Option<&str>,
    ) -> Option<&'a BTreeSet<String>> {
        let wanted = wanted?;
        of.iter().find(|(asked, _)| self.resolved(asked) == Some(wanted)).map(|(_, noted)| noted)
    }

    fn resolved(&self, reference: &str) -> Option<&str> {
        resolve(&self.namespaces, &NamespaceRef::as_read(reference))
    }

    /// The list of Cloud Map does not name the namespace of a service (SD:ServiceSummary). It is that of the
    /// ECS services that use it, and of an unused one the only namespace there is.
    fn cloud_map_services(&self, request: &Value) -> Value {
        let asked = request.pointer("/Filters/0/Values/0").and_then(Value::as_str);
        let wanted = asked.and_then(|reference| self.resolved(reference));
        if let Some(arns) = self.noted(&self.captures.listed, wanted) {
            let known = self.captures.cloud_map.iter().flatten();
            let inside = known.filter(|(arn, _)| arns.contains(*arn)).map(|(_, service)| service);
            return json!({"Services": inside.collect::<Vec<_>>()});
        }
        let known = self.captures.cloud_map.iter().flatten();
        let inside = known.filter(|(arn, _)| match self.places.get(*arn) {
            Some(places) => wanted.is_some_and(|id| places.contains(id)),
            None => self.namespaces.len() == 1,
        });
        json!({"Services": inside.map(|(_, service)| service).collect::<Vec<_>>()})
    }

    /// The Cloud Map services that ECS services use, and the namespaces of those.
    fn used(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for ((cluster, _), service) in &self.captures.services {
            let resources = items(service, "deployments").iter();
            let resources = resources.flat_map(|d| items(d, "serviceConnectResources"));
            for arn in resources.filter_map(|r| r.get("discoveryArn")?.as_str()) {
                let places = self.namespaces_of(cluster, service).map(str::to_owned);
                used.entry(arn.to_owned()).or_default().extend(places);
            }
        }
        used
    }
}

/// The name by which `DiscoverInstances` knows a namespace.
fn http_name(namespace: &Value) -> Option<&str> {
    let own = namespace.pointer("/Properties/HttpProperties/HttpName");
    own.or_else(|| namespace.get("Name"))?.as_str()
}

fn uncaptured_revision(arn: &str) -> String {
    format!("not captured; add `aws ecs describe-service-revisions --service-revision-arns {arn}`")
}

/// A described deployment names its target revision in another member than a listed one.
fn as_listed(deployment: &Value) -> Value {
    let mut listed = deployment.clone();
    if let Some(target) = deployment.pointer("/targetServiceRevision/arn") {
        listed["targetServiceRevisionArn"] = target.clone();
    }
    listed
}

fn refusal(code: &str, message: &str) -> Value {
    json!({"__type": code, "message": message})
}
