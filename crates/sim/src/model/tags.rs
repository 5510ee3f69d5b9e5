//! Tags of ECS resources: what a tag may say, and where it stands.
//!
//! Invariants: at most 50 for each resource; keys of 1 to 128 and values of up to 256 characters out of
//! letters, digits, spaces and `_ . : / = + - @`; the prefix `aws:` is AWS's (API:Tag, APIREF:TagResource).
//! A change of tags never starts a deployment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bus::TagChange;
use super::ids::last_part;
use super::key::arn_key;
use super::refusals::cluster_not_found;
use super::{EcsServiceKey, Model};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    EcsServiceStatus, EmptyAnswer, ListTagsForResourceAnswer, ListTagsForResourceRequest, Tag,
    TagResourceRequest, UntagResourceRequest,
};

/// The most tags one resource may have.
const TAGS_MAX: usize = 50;

/// Reads a request's tags; a key that stands twice is refused.
pub(super) fn tag_map(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut map = BTreeMap::new();
    for tag in tags {
        check_tag(&tag)?;
        if map.insert(tag.key, tag.value).is_some() {
            return Err(ApiError::invalid_parameter("Duplicate tag keys found."));
        }
    }
    check_count(&map)?;
    Ok(map)
}

/// Tags as they are answered.
pub(super) fn tag_list(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > TAGS_MAX {
        let text = format!("The number of tags exceeds the limit of {TAGS_MAX} tags per resource.");
        return Err(ApiError::invalid_parameter(text));
    }
    Ok(())
}

fn check_tag(tag: &Tag) -> Result<(), ApiError> {
    let key_length = tag.key.chars().count();
    if !(1..=128).contains(&key_length) || !tag.key.chars().all(may_stand) {
        return Err(ApiError::invalid_parameter(format!("Invalid tag key: {}", tag.key)));
    }
    if tag.value.chars().count() > 256 || !tag.value.chars().all(may_stand) {
        return Err(ApiError::invalid_parameter(format!("Invalid tag value: {}", tag.value)));
    }
    if tag.key.to_ascii_lowercase().starts_with("aws:") {
        let text = "Tag keys starting with aws: are reserved for system use.";
        return Err(ApiError::invalid_parameter(text));
    }
    Ok(())
}

fn may_stand(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c)
}

impl Model {
    /// `TagResource`, for services, clusters and task definitions.
    pub fn tag_resource(&mut self, request: TagResourceRequest) -> Result<EmptyAnswer, ApiError> {
        self.logged("ecs.TagResource", request, |model, request| {
            let added = tag_map(request.tags)?;
            let mut tags = model.tags_of(&request.resource_arn)?.as_ref().clone();
            tags.extend(added);
            check_count(&tags)?;
            model.set_tags(&request.resource_arn, tags);
            Ok(EmptyAnswer {})
        })
    }

    /// `UntagResource`; a key that is not there is no error.
    pub fn untag_resource(
        &mut self,
        request: UntagResourceRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("ecs.UntagResource", request, |model, request| {
            let mut tags = model.tags_of(&request.resource_arn)?.as_ref().clone();
            tags.retain(|key, _| !request.tag_keys.contains(key));
            model.set_tags(&request.resource_arn, tags);
            Ok(EmptyAnswer {})
        })
    }

    /// `ListTagsForResource`.
    pub fn list_tags_for_resource(
        &self,
        request: &ListTagsForResourceRequest,
    ) -> Result<ListTagsForResourceAnswer, ApiError> {
        Ok(ListTagsForResourceAnswer { tags: tag_list(self.tags_of(&request.resource_arn)?) })
    }

    /// The tags of what an ARN names; none if it names nothing.
    #[cfg(feature = "wire")]
    pub(crate) fn tags_named(&self, arn: &str) -> BTreeMap<String, String> {
        self.tags_of(arn).map(|tags| BTreeMap::clone(tags)).unwrap_or_default()
    }

    fn tags_of(&self, arn: &str) -> Result<&Arc<BTreeMap<String, String>>, ApiError> {
        match Resource::of(arn)? {
            Resource::Service(key) => {
                let service = self
                    .service(&key)
                    .filter(|service| service.status != EcsServiceStatus::Inactive);
                let gone = || ApiError::invalid_parameter("The specified service is not found.");
                service.map(|service| &service.tags).ok_or_else(gone)
            }
            Resource::Cluster(name) => {
                let cluster = self.clusters.get(name).filter(|cluster| cluster.exists());
                cluster.map(|cluster| &cluster.tags).ok_or_else(cluster_not_found)
            }
            Resource::TaskDefinition => {
                let gone =
                    || ApiError::invalid_parameter("The specified task definition is not found.");
                self.task_definition(arn).map(|found| &found.tags).ok_or_else(gone)
            }
        }
    }

    /// A resource was made with these tags.
    pub(super) fn announce_first_tags(&mut self, arn: &str, tags: &BTreeMap<String, String>) {
        self.announce_tags(TagChange { arn, before: &BTreeMap::new(), after: tags });
    }

    fn set_tags(&mut self, arn: &str, tags: BTreeMap<String, String>) {
        let tags = Arc::new(tags);
        if let Ok(before) = self.tags_of(arn).map(Arc::clone) {
            self.announce_tags(TagChange { arn, before: &before, after: &tags });
        }
        match Resource::of(arn) {
            Ok(Resource::Service(key)) => self.change(&key).tags = tags,
            Ok(Resource::Cluster(name)) => {
                if let Some(cluster) = self.clusters.get_mut(name) {
                    cluster.tags = tags;
                }
            }
            Ok(Resource::TaskDefinition) => {
                if let Some(found) = self.task_definition_mut(arn) {
                    Arc::make_mut(found).tags = tags;
                }
            }
            Err(_) => {}
        }
    }
}

/// What an ARN stands for, as far as it can carry tags here.
enum Resource<'a> {
    Service(EcsServiceKey),
    Cluster(&'a str),
    TaskDefinition,
}

impl<'a> Resource<'a> {
    fn of(arn: &'a str) -> Result<Self, ApiError> {
        if let Some(key) = arn_key(arn) {
            return Ok(Self::Service(key));
        }
        if arn.contains(":cluster/") {
            return Ok(Self::Cluster(last_part(arn)));
        }
        if arn.contains(":task-definition/") {
            return Ok(Self::TaskDefinition);
        }
        // APIREF:TagResource: a service that still has a short ARN cannot be tagged.
        let short = arn.contains(":service/");
        let long = "Long arn format must be used for tagging operations";
        Err(ApiError::invalid_parameter(if short { long } else { "Invalid resource ARN." }))
    }
}
