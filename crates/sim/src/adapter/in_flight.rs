//! A write on its way: what it asks for, and what AWS answers when it arrives.
//!
//! **Invariant:** eastwest makes no other writes than these.

use std::cell::RefCell;
use std::rc::Rc;

use eastwest_core::ecs::lease::{LeaseOutcome, LeaseWrite};

use crate::model::Model;
use crate::shapes::cloud_map::{
    CreateHttpNamespaceRequest, CreatePrivateDnsNamespaceRequest, OperationIdAnswer,
};
use crate::shapes::ecs::{
    RegisterTaskDefinitionRequest, ServiceAnswer, TaskDefinitionAnswer, UpdateServiceRequest,
};
use crate::shapes::{ApiError, Time};

/// A write on its way.
pub(crate) struct InFlight {
    pub(crate) request: Request,
    pub(crate) answer: Rc<RefCell<Option<Written>>>,
    /// Whether its sender will get the answer.
    pub(crate) told: bool,
    pub(crate) sender: Sender,
}

/// Who sent a write, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) process: usize,
    pub(crate) sent_at: Time,
}

/// What a write asks for.
pub(crate) enum Request {
    UpdateService(Box<UpdateServiceRequest>),
    CreateHttpNamespace(CreateHttpNamespaceRequest),
    CreatePrivateDnsNamespace(CreatePrivateDnsNamespaceRequest),
    RegisterTaskDefinition(RegisterTaskDefinitionRequest),
    PutLease(Box<LeaseWrite>),
}

/// What AWS answers to a write that it accepts.
pub(crate) enum Reply {
    Service(Box<ServiceAnswer>),
    Operation(OperationIdAnswer),
    Definition(TaskDefinitionAnswer),
    Lease(LeaseOutcome),
}

/// What became of a write.
pub(crate) type Written = Result<Reply, ApiError>;

impl Request {
    /// The name of the call.
    pub(crate) fn op(&self) -> &'static str {
        match self {
            Self::UpdateService(_) => "ecs.UpdateService",
            Self::CreateHttpNamespace(_) => "servicediscovery.CreateHttpNamespace",
            Self::CreatePrivateDnsNamespace(_) => "servicediscovery.CreatePrivateDnsNamespace",
            Self::RegisterTaskDefinition(_) => "ecs.RegisterTaskDefinition",
            Self::PutLease(_) => "dynamodb.PutItem",
        }
    }

    /// Does it to the model.
    pub(crate) fn arrive(self, model: &mut Model) -> Written {
        match self {
            Self::UpdateService(request) => {
                model.update_service(*request).map(|answer| Reply::Service(Box::new(answer)))
            }
            Self::CreateHttpNamespace(request) => {
                model.create_http_namespace(request).map(Reply::Operation)
            }
            Self::CreatePrivateDnsNamespace(request) => {
                model.create_private_dns_namespace(request).map(Reply::Operation)
            }
            Self::RegisterTaskDefinition(request) => {
                model.register_task_definition(request).map(Reply::Definition)
            }
            Self::PutLease(write) => Ok(Reply::Lease(model.leases_mut().put(*write))),
        }
    }
}
