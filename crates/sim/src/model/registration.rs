//! What people register in Cloud Map by hand: instances of a service, and attributes of the service itself.
//!
//! Invariants: registering and deregistering are asynchronous, and one request for an instance must end before the
//! next for the same one (SD:RegisterInstance). An id that is there already is changed. The limits are those of the
//! same page: 30 custom attributes, 1,024 characters a value, 5,000 in all; 1,000 instances in a service (CM quotas).
//! A call never reaches such an instance: Service Connect's endpoints are ECS's own.

use std::collections::BTreeMap;

use super::Model;
use super::records::{Change, OperationState, Registered};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{
    DeleteServiceAttributesRequest, DeregisterInstanceRequest, EmptyAnswer,
    GetServiceAttributesAnswer, GetServiceAttributesRequest, OperationIdAnswer,
    RegisterInstanceRequest, ServiceAttributes, UpdateServiceAttributesRequest,
};

/// CM quotas: instances in one service; not adjustable.
const INSTANCES_PER_SERVICE: usize = 1000;
/// SD:RegisterInstanceRequest and SD:ServiceAttributesMap: attributes that are not AWS's own.
const CUSTOM_ATTRIBUTES: usize = 30;

impl Model {
    /// `RegisterInstance`.
    pub fn register_instance(
        &mut self,
        request: RegisterInstanceRequest,
    ) -> Result<OperationIdAnswer, ApiError> {
        self.logged("servicediscovery.RegisterInstance", request, |model, request| {
            let service = model.cloud_map_service(&request.service_id)?;
            check_instance_id(&request.instance_id)?;
            check_attributes(&request.attributes)?;
            let is_new = !service.registered.contains_key(&request.instance_id);
            if is_new && service.instance_count() >= INSTANCES_PER_SERVICE {
                let text = format!("Service {} has too many instances.", service.id);
                return Err(ApiError::new("ResourceLimitExceeded", text));
            }
            let (service, instance) = (service.id.clone(), request.instance_id);
            model.check_no_operation("RegisterInstance", &service, &instance)?;
            let registered = Registered {
                attributes: request.attributes,
                creator_request_id: request.creator_request_id,
            };
            let operation_id = model.begin(Change::Register { service, instance, registered });
            Ok(OperationIdAnswer { operation_id })
        })
    }

    /// `DeregisterInstance`; also of an instance that ECS registered, until ECS registers it again.
    pub fn deregister_instance(
        &mut self,
        request: DeregisterInstanceRequest,
    ) -> Result<OperationIdAnswer, ApiError> {
        self.logged("servicediscovery.DeregisterInstance", request, |model, request| {
            let service = model.cloud_map_service(&request.service_id)?;
            if !service.has_instance(&request.instance_id) {
                return Err(ApiError::new("InstanceNotFound", "Instance not found."));
            }
            let (service, instance) = (service.id.clone(), request.instance_id);
            model.check_no_operation("DeregisterInstance", &service, &instance)?;
            let operation_id = model.begin(Change::Deregister { service, instance });
            Ok(OperationIdAnswer { operation_id })
        })
    }

    fn check_no_operation(&self, call: &str, id: &str, one: &str) -> Result<(), ApiError> {
        self.check_not_running(call, |state: &OperationState| match &state.change {
            Change::Register { service, instance, .. }
            | Change::Deregister { service, instance } => service == id && instance == one,
            Change::Create { .. } | Change::Delete { .. } => false,
        })
    }

    /// The end of a registration; the answer says why there was none.
    pub(super) fn registered(
        &mut self,
        service: &str,
        instance: String,
        registered: Registered,
    ) -> Option<String> {
        let Some(service) = self.cloud_map.get_mut(service) else {
            return Some("The service is gone.".to_owned());
        };
        service.registered.insert(instance, registered);
        service.instances_revision += 1;
        None
    }

    /// The end of a deregistration; the answer says why there was none.
    pub(super) fn deregistered(&mut self, service: &str, instance: &str) -> Option<String> {
        let Some(service) = self.cloud_map.get_mut(service) else {
            return Some("The service is gone.".to_owned());
        };
        let by_ecs = super::instances::task_of(instance);
        let gone = by_ecs.is_some_and(|task| service.instances.remove(&task).is_some());
        if service.registered.remove(instance).is_some() || gone {
            service.instances_revision += 1;
        }
        None
    }

    /// `UpdateServiceAttributes`: adds and overwrites.
    pub fn update_service_attributes(
        &mut self,
        request: UpdateServiceAttributesRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("servicediscovery.UpdateServiceAttributes", request, |model, request| {
            let service = model.cloud_map_service(&request.service_id)?;
            if request.attributes.is_empty() {
                return Err(ApiError::invalid_input("Attributes must have at least one entry."));
            }
            check_lengths(&request.attributes)?;
            let mut attributes = service.attributes.clone();
            attributes.extend(request.attributes);
            if attributes.len() > CUSTOM_ATTRIBUTES {
                let text = format!(
                    "Service {} can have at most {CUSTOM_ATTRIBUTES} attributes.",
                    service.id
                );
                return Err(ApiError::new("ServiceAttributesLimitExceededException", text));
            }
            let id = service.id.clone();
            model.set_service_attributes(&id, attributes);
            Ok(EmptyAnswer {})
        })
    }

    /// `GetServiceAttributes`.
    pub fn get_service_attributes(
        &self,
        request: &GetServiceAttributesRequest,
    ) -> Result<GetServiceAttributesAnswer, ApiError> {
        let service = self.cloud_map_service(&request.service_id)?;
        let service_attributes = ServiceAttributes {
            service_arn: service.arn.clone(),
            resource_owner: Some(self.arns.account.clone()),
            attributes: service.attributes.clone(),
        };
        Ok(GetServiceAttributesAnswer { service_attributes })
    }

    /// `DeleteServiceAttributes`; a key that is not there is no error.
    pub fn delete_service_attributes(
        &mut self,
        request: DeleteServiceAttributesRequest,
    ) -> Result<EmptyAnswer, ApiError> {
        self.logged("servicediscovery.DeleteServiceAttributes", request, |model, request| {
            let service = model.cloud_map_service(&request.service_id)?;
            let mut attributes = service.attributes.clone();
            attributes.retain(|key, _| !request.attributes.contains(key));
            let id = service.id.clone();
            model.set_service_attributes(&id, attributes);
            Ok(EmptyAnswer {})
        })
    }

    fn set_service_attributes(&mut self, id: &str, attributes: BTreeMap<String, String>) {
        if let Some(service) = self.cloud_map.get_mut(id) {
            service.attributes = attributes;
        }
    }
}

/// SD:InstanceId: up to 64 letters, digits and `_/:.@-`.
fn check_instance_id(id: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_/:.@-".contains(c);
    if id.is_empty() || id.len() > 64 || !id.chars().all(allowed) {
        return Err(ApiError::invalid_input(format!("Invalid instance id {id}")));
    }
    Ok(())
}

fn check_attributes(attributes: &BTreeMap<String, String>) -> Result<(), ApiError> {
    check_lengths(attributes)?;
    let custom = attributes.keys().filter(|key| !key.starts_with("AWS_")).count();
    if custom > CUSTOM_ATTRIBUTES {
        let text = format!("An instance can have at most {CUSTOM_ATTRIBUTES} custom attributes.");
        return Err(ApiError::invalid_input(text));
    }
    let total: usize = attributes.iter().map(|(key, value)| key.len() + value.len()).sum();
    if total > 5000 {
        let text = "The attributes of an instance can have at most 5000 characters.";
        return Err(ApiError::invalid_input(text));
    }
    Ok(())
}

/// SD:AttrKey and SD:AttrValue; the same for the attributes of a service.
fn check_lengths(attributes: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let is_bad =
        |(key, value): &(&String, &String)| key.is_empty() || key.len() > 255 || value.len() > 1024;
    attributes.iter().find(is_bad).map_or(Ok(()), |(key, _)| {
        Err(ApiError::invalid_input(format!("The key or the value of attribute {key} is invalid.")))
    })
}
