//! What has a name of a namespace that another service wants.

use std::fmt;

use crate::ecs::name::Arn;
use crate::ecs::service_key::ServiceKey;

/// Who stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// An ECS service that has the name in force, and what [`arn_beside`] it.
    Has(ServiceKey, Option<Arn>),
    /// An ECS service that wants it too and comes first, and what [`arn_beside`] it: it is older, or its ARN sorts first.
    Precedes(ServiceKey, Option<Arn>),
    /// An ECS service that had the name in force; it is kept for it for a time.
    Had(Box<Had>),
    /// A Cloud Map service that no ECS service we can see uses.
    Leftover(Arn),
    /// A Cloud Map service where tasks register without Service Connect, and the ECS service that says so.
    Registry(Arn, ServiceKey),
}

/// The former owner of a name, and until when the name is kept for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Had {
    /// The service that had it.
    pub service: ServiceKey,
    /// What [`arn_beside`] it.
    pub arn: Option<Arn>,
    /// When others may take it; `None` if that time is over.
    pub free_at: Option<jiff::Timestamp>,
    /// A client that needs the name and runs. While there is one, no other service takes it.
    pub needed_by: Option<ServiceKey>,
}

/// The ARN that is shown beside the name of a service that stands in the way of another. In one account
/// and Region a name is enough, unless both have the same because one was created again.
pub(crate) fn arn_beside(holder: &ServiceKey, arn: &Arn, waiting: &ServiceKey) -> Option<Arn> {
    let is_found = holder.scope == waiting.scope && holder.path() != waiting.path();
    (!is_found).then(|| arn.clone())
}

/// A service by its name, with its ARN where it has one to show.
struct Named<'a>(&'a ServiceKey, Option<&'a Arn>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key, arn) = self;
        match arn {
            Some(arn) => write!(f, "{key} ({arn})"),
            None => key.fmt(f),
        }
    }
}

impl fmt::Display for Had {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, arn, free_at, needed_by } = self;
        let service = Named(service, arn.as_ref());
        write!(f, "was in use by {service} and is kept for it")?;
        match (free_at, needed_by) {
            (Some(at), Some(client)) => {
                write!(f, " until {at:.0}, and while {client}, which needs it, calls it")
            }
            (Some(at), None) => write!(f, " until {at:.0}"),
            (None, Some(client)) => write!(f, " while {client}, which needs it, calls it"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Has(key, arn) => write!(f, "is held by {}", Named(key, arn.as_ref())),
            Self::Precedes(key, arn) => {
                let service = Named(key, arn.as_ref());
                write!(f, "goes to {service}, which comes first by age, then by ARN")
            }
            Self::Had(had) => had.fmt(f),
            Self::Leftover(arn) => write!(
                f,
                "is taken by the Cloud Map service {arn}, which no ECS service seen here uses"
            ),
            Self::Registry(arn, key) => write!(
                f,
                "is taken by the Cloud Map service {arn}, where the tasks of {key} register by serviceRegistries, without Service Connect"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a service is told of who has the name, both by their ARNs.
    fn told(holder: &str, waiting: &str) -> String {
        let key = |arn: &Arn| ServiceKey::of_arn(arn).expect("a cluster and a service");
        let (holder, waiting) = (Arn::as_read(holder), key(&Arn::as_read(waiting)));
        Holder::Has(key(&holder), arn_beside(&key(&holder), &holder, &waiting)).to_string()
    }

    #[test]
    fn an_arn_stands_beside_a_name_only_where_the_name_does_not_tell_it() {
        let waiting = "arn:aws:ecs:eu-west-1:111111111111:service/prod/new";
        assert_eq!(
            told("arn:aws:ecs:eu-west-1:111111111111:service/prod/old", waiting),
            "is held by prod/old"
        );
        for holder in [
            "arn:aws:ecs:eu-west-1:222222222222:service/prod/old",
            "arn:aws:ecs:us-east-1:111111111111:service/prod/old",
            "arn:aws:ecs:eu-west-1:111111111111:service/prod/new",
        ] {
            let name = &holder[holder.rfind("prod/").expect("a path")..];
            assert_eq!(told(holder, waiting), format!("is held by {name} ({holder})"));
        }
    }
}
