//! Which ECS service: as AWS knows it, and as a person writes it.
//!
//! AWS's identity of a service has an account and a Region. What people write has neither: it means the account and the
//! Region that eastwest works in. So there are two types, and only [`ServiceKey::path`] leads from one to the other.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::name::{Arn, ClusterName, EcsServiceName, Refused};

/// The account and the Region that a service belongs to. Most services of a process share one.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub struct Scope(Arc<AccountAndRegion>);

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct AccountAndRegion {
    account: String,
    region: String,
}

impl Scope {
    /// The scope of what has this ARN: `arn:aws:<service>:<region>:<account>:<resource>`. Each part that the text lacks
    /// is empty.
    pub fn of(arn: &Arn) -> Self {
        let part = |at| arn.as_str().split(':').nth(at).unwrap_or_default().to_owned();
        Self(Arc::new(AccountAndRegion { region: part(3), account: part(4) }))
    }

    /// The account's number.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The Region's name, `eu-west-1`.
    pub fn region(&self) -> &str {
        &self.0.region
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An ECS service as AWS knows it. Shown as its path, `prod/web`. Sorted by what tells two of them apart: nearly always
/// all are of one scope, so that comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    /// The cluster it runs in.
    pub cluster: ClusterName,
    /// Its name there.
    pub name: EcsServiceName,
    /// Its account and Region.
    pub scope: Scope,
}

impl ServiceKey {
    /// The key of a service of a cluster, from its ARN. The cluster is told apart, because an ARN of the old short form
    /// names none: `…:service/web`.
    pub fn of(cluster: &ClusterName, arn: &Arn) -> Self {
        Self {
            scope: Scope::of(arn),
            cluster: cluster.clone(),
            name: EcsServiceName::as_read(arn.resource()),
        }
    }

    /// The key of a service from an ARN that names its cluster, `…:service/prod/web`. None for the old short form.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        let (_, path) = arn.as_str().rsplit_once(":service/")?;
        let (cluster, _) = path.split_once('/')?;
        Some(Self::of(&ClusterName::as_read(cluster), arn))
    }

    /// The service as a person of its account and Region writes it.
    pub fn path(&self) -> ServicePath {
        ServicePath { cluster: self.cluster.clone(), name: self.name.clone() }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

impl Serialize for ServiceKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An ECS service as a person writes it, `prod/web`: a service of the account and Region that eastwest works in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePath {
    /// The cluster it runs in.
    pub cluster: ClusterName,
    /// Its name there.
    pub name: EcsServiceName,
}

impl ServicePath {
    /// Reads a path (API:Cluster.clusterName and API:CreateService.serviceName: 1 to 255 letters, digits, underscores
    /// and hyphens).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let fits = |name: &str| {
            (1..=255).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if let Some((cluster, name)) = text.split_once('/')
            && fits(cluster)
            && fits(name)
        {
            return Ok(Self {
                cluster: ClusterName::as_read(cluster),
                name: EcsServiceName::as_read(name),
            });
        }
        // An ARN holds both: `arn:aws:ecs:<region>:<account>:service/prod/web`.
        let within = text.rsplit_once(":service/").map(|(_, rest)| rest);
        let nearest = within.and_then(|rest| Self::parse(rest).ok()).map(|path| path.to_string());
        let allowed = "<cluster>/<service>, each 1 to 255 letters, digits, '-' and '_'";
        Err(Refused { allowed, nearest })
    }
}

impl ServicePath {
    /// The least key of this path: every key of it, whatever its scope, is this one or follows at once.
    pub(crate) fn least_key(&self) -> ServiceKey {
        let Self { cluster, name } = self.clone();
        ServiceKey { cluster, name, scope: Scope::default() }
    }
}

impl fmt::Display for ServicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(arn: &str) -> Option<ServiceKey> {
        ServiceKey::of_arn(&Arn::as_read(arn))
    }

    #[test]
    fn a_key_names_account_region_cluster_and_service() {
        let key = key("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").expect("a key");
        assert_eq!((key.scope.account(), key.scope.region()), ("111122223333", "eu-west-1"));
        assert_eq!(key.to_string(), "prod/web");
    }

    #[test]
    fn services_of_one_path_in_two_accounts_or_regions_are_two() {
        let [here, account, region] = [
            "arn:aws:ecs:eu-west-1:111122223333:service/prod/web",
            "arn:aws:ecs:eu-west-1:999999999999:service/prod/web",
            "arn:aws:ecs:us-east-1:111122223333:service/prod/web",
        ]
        .map(|arn| key(arn).expect("a key"));
        assert!(here != account && here != region);
        assert_eq!((here.path(), here.path()), (account.path(), region.path()));
    }

    #[test]
    fn an_arn_of_the_short_form_takes_the_cluster_it_was_listed_in() {
        let arn = Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:service/web");
        assert_eq!(ServiceKey::of_arn(&arn), None);
        let key = ServiceKey::of(&ClusterName::as_read("prod"), &arn);
        assert_eq!((key.scope.account(), key.to_string()), ("111122223333", "prod/web".to_owned()));
    }

    #[test]
    fn the_keys_of_a_path_follow_its_least_key_at_once() {
        let key = key("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").expect("a key");
        let before = ServicePath::parse("prod/wea").expect("a path").least_key();
        let least = key.path().least_key();
        assert!(before < least && least < key && key.path() == least.path());
    }

    #[test]
    fn an_arn_is_not_a_path_but_leads_to_one() {
        let refused = ServicePath::parse("arn:aws:ecs:eu-west-1:111122223333:service/prod/web");
        assert_eq!(refused.expect_err("an ARN").nearest.as_deref(), Some("prod/web"));
        assert_eq!(ServicePath::parse("prod/web").expect("a path").to_string(), "prod/web");
    }
}
