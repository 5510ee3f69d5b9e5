//! Renames a discovery name or an alias in three steps: add, roll the clients out, remove.
//!
//! For clients a renamed endpoint is a new one. A client that does not know it yet still calls the old one, which would
//! be gone as soon as its server is rolled out. So the server first gets both, then the clients that need it are rolled
//! out, and only then the old one goes. A client that was rolled out still calls what its environment says, so the old
//! one stays as long as a client's needs or environment names it, or until somebody agrees. What is seen decides which
//! step is next, so after a crash it goes on from any point.
//!
//! **Invariant:** An old endpoint is kept only while a client calls it, and only if the document does not claim its name
//! for another service that wants it. Otherwise the change is made at once. The wish of any other service changes
//! nothing: it would not get the name anyway while clients call it. How long it waits for clients is decided in
//! [`crate::guard::old_names`].

use std::collections::BTreeMap;

use super::client::Client;
use super::needs::Calls;
use super::offers::{EndpointState, Offers, is_same};
use super::stale::is_younger;
use crate::declaration::settings::Policy;
use crate::ecs::canonical::canonical;
use crate::ecs::connect::{ClientAlias, Connect, Endpoint};
use crate::ecs::host::BadHost;
use crate::ecs::name::{DiscoveryName, DnsName, NamespaceId, Port};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{Deployment, EcsService, Rollout};
use crate::ecs::service_key::ServiceKey;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::plan::kept_name::{KeptFor, KeptName};
use crate::planner::candidate::Candidate;
use crate::planner::facts::with_facts;
use crate::planner::input::PlannerInput;
use crate::planner::names::register::{Register, claims};
use crate::planner::service::settle::Desired;
use crate::view::reading::Question;

/// A rename whose old endpoints are still called.
pub(crate) struct RenamePhase<'a> {
    /// The service with both the old and the new endpoints; none where there can be no such thing.
    both: Option<Candidate<'a>>,
    /// Why the old endpoints stay.
    stays: Stays,
    note: Option<String>,
}

impl<'a> RenamePhase<'a> {
    /// The service with both, while it is still to get them.
    pub(crate) fn adding(&self) -> Option<&Candidate<'a>> {
        self.both.as_ref().filter(|both| both.differs())
    }

    /// The entry in this phase: either both are added, or both are there and the removal waits.
    pub(crate) fn applied_to(self, mut entry: Entry) -> Entry {
        if self.adding().is_none() {
            // The guard holds this: somebody may have agreed.
            entry.keeps = self.stays.kept.map(Box::new);
            if let Some(hold) = self.stays.hold {
                entry.hold_step(hold);
            }
        }
        if let Some(note) = &self.note {
            entry.add_note(note);
        }
        entry
    }
}

/// The renames among the candidates whose old endpoints are still called.
pub(crate) fn phases<'a>(
    input: &PlannerInput<'a>,
    candidates: &[Candidate<'a>],
    register: &Register,
    calls: Calls<'_>,
) -> BTreeMap<ServiceKey, RenamePhase<'a>> {
    let phase = |candidate: &Candidate<'a>| {
        Some((candidate.service.key.clone(), phase(input, candidate, register, calls)?))
    };
    if calls.clients.is_empty() {
        return BTreeMap::new();
    }
    candidates.iter().filter_map(phase).collect()
}

fn phase<'a>(
    input: &PlannerInput<'a>,
    candidate: &Candidate<'a>,
    register: &Register,
    calls: Calls<'_>,
) -> Option<RenamePhase<'a>> {
    let Desired::On(whole, namespace) = &candidate.desired else { return None };
    let deployed = candidate.service.connect()?;
    let standing = candidate.defaults.namespace_of(deployed)?;
    let new_names = |old: &Endpoint| {
        let on_its_port = whole.endpoints.iter().filter(|new| new.port_name == old.port_name);
        on_its_port.map(Endpoint::discovery).collect()
    };
    if standing.id != namespace.id {
        let all = deployed.endpoints.iter().map(|old| (old, Vec::new()));
        return at_once(input, candidate, standing, all, calls);
    }
    if candidate.declaration.endpoints.is_empty() {
        // Then what is deployed is kept.
        return None;
    }
    let replaced = deployed.endpoints.iter().filter(|old| is_replaced(old, whole));
    if input.settings.policy != Policy::Sync {
        // The old endpoint could not be removed later.
        let all = replaced.map(|old| (old, new_names(old)));
        return at_once(input, candidate, standing, all, calls);
    }
    let clients = clients_in(input, candidate.service, &namespace.id, calls);
    let (mut kept, mut stays) = (Vec::new(), Stays::default());
    for old in replaced {
        let Some(both) = beside(old, whole, candidate, calls.offers) else { continue };
        let replaced = Replaced::of(candidate, old, namespace, new_names(old));
        let why = replaced.stays(input, calls, &clients);
        if !why.is_nothing() && !is_due_to_others(register, candidate, &both) {
            stays = stays.or(why);
            kept.push(both);
        }
    }
    if stays.is_nothing() {
        return None;
    }
    let note = words(&kept);
    let mut both = (**whole).clone();
    both.endpoints.extend(kept);
    let both = candidate.instead(Desired::On(Box::new(both), namespace.clone()));
    Some(RenamePhase { both: Some(both), stays, note: Some(note) })
}

/// The phase of a service whose old endpoints go in one write, while clients that stay call them: it moves to another
/// namespace, or the policy never removes an endpoint later. There is no configuration with both, so the write is made
/// when no client names an old endpoint any more, or when a person agrees. `old` has each with the names that replace it.
fn at_once<'a, 'e>(
    input: &PlannerInput<'a>,
    candidate: &Candidate<'a>,
    standing: &Namespace,
    old: impl Iterator<Item = (&'e Endpoint, Vec<DiscoveryName>)>,
    calls: Calls<'_>,
) -> Option<RenamePhase<'a>> {
    let mut clients = clients_in(input, candidate.service, &standing.id, calls);
    clients.retain(|client| client.namespace.id == standing.id);
    let is_alone = |old: &Endpoint| {
        let offers = calls.offers.of(&standing.id, &old.discovery());
        offers.iter().all(|offer| offer.service.arn == candidate.service.arn)
    };
    let mut stays = Stays::default();
    for (old, new) in old.filter(|(old, _)| is_alone(old)) {
        let replaced = Replaced::of(candidate, old, standing, new);
        let kept = clients.iter().find_map(|client| replaced.kept_by(input, client));
        stays = stays.or(Stays { hold: replaced.called_by_older_tasks(input, calls), kept });
    }
    (!stays.is_nothing()).then_some(RenamePhase { both: None, stays, note: None })
}

fn words(kept: &[Endpoint]) -> String {
    let names: Vec<String> = kept.iter().map(|old| old.discovery().to_string()).collect();
    let names = names.join(", ");
    format!(
        "renamed in three steps: the new endpoint is added beside {names}, the clients that need it are rolled out, then {names} goes"
    )
}

/// Whether a deployed endpoint is to go while another one serves its port.
fn is_replaced(old: &Endpoint, whole: &Connect) -> bool {
    !whole.endpoints.iter().any(|new| is_same(new, old))
        && whole.endpoints.iter().any(|new| new.port_name == old.port_name)
}

/// The old endpoint as it can be beside the new ones; `None` if it cannot. One discovery name has one alias, so if only
/// the alias changes, the old endpoint gets a name of its own meanwhile.
fn beside(
    old: &Endpoint,
    whole: &Connect,
    candidate: &Candidate<'_>,
    offers: &Offers<'_>,
) -> Option<Endpoint> {
    let clashes = |new: &Endpoint| {
        new.called() == old.called()
            || (old.ingress_port.is_some() && new.ingress_port == old.ingress_port)
    };
    let is_bad = |alias: &ClientAlias| {
        let host = alias.dns_name.as_ref();
        host.is_some_and(|host| BadHost::of(host).is_some())
    };
    if old.alias.as_ref().is_none_or(is_bad) || whole.endpoints.iter().any(clashes) {
        return None;
    }
    let taken = |name: &DiscoveryName| whole.endpoints.iter().any(|new| new.discovery() == *name);
    if !taken(&old.discovery()) {
        return Some(old.clone());
    }
    let (namespace, _) = candidate.offers()?;
    let is_free = |name: &DiscoveryName| !taken(name) && offers.of(namespace, name).is_empty();
    let name = old_names(&old.discovery()).find(is_free)?;
    Some(Endpoint { discovery_name: Some(name), ..old.clone() })
}

/// The names that an old endpoint may have meanwhile: `<name>-old`, `<name>-old-2` and so on. There is always one that is
/// free, so no other service can hurry a rename by taking some of them.
fn old_names(name: &DiscoveryName) -> impl Iterator<Item = DiscoveryName> {
    let ends = std::iter::once("-old".to_owned()).chain((2..).map(|n: u32| format!("-old-{n}")));
    ends.map_while(|end| {
        let room = DiscoveryName::LONGEST.saturating_sub(end.len());
        let stem: String = name.as_str().chars().take(room).collect();
        DiscoveryName::parse(&(stem + &end)).ok()
    })
}

/// Whether another service has a right to a name that the old endpoint would keep.
fn is_due_to_others(register: &Register, candidate: &Candidate<'_>, old: &Endpoint) -> bool {
    let Desired::On(whole, namespace) = &candidate.desired else { return false };
    let alone = Connect { endpoints: vec![old.clone()], ..(**whole).clone() };
    let names = canonical(&alone, &candidate.defaults);
    let mut names = claims(&names);
    names.any(|claim| register.is_due_to_others(candidate.service, &namespace.id, &claim))
}

/// Why an old endpoint stays. Each of both suffices, and each has an end of its own.
#[derive(Default)]
struct Stays {
    /// A client is to be rolled out first, or something must be read.
    hold: Option<Hold>,
    /// A client that was rolled out names the old endpoint, and nothing but a person changes that.
    kept: Option<KeptName>,
}

impl Stays {
    fn is_nothing(&self) -> bool {
        self.hold.is_none() && self.kept.is_none()
    }

    fn or(self, other: Self) -> Self {
        Self { hold: self.hold.or(other.hold), kept: self.kept.or(other.kept) }
    }
}

/// The clients that call from the namespace that an endpoint is in, and stay there.
fn clients_in<'c, 'a>(
    input: &PlannerInput<'_>,
    server: &EcsService,
    namespace: &NamespaceId,
    calls: Calls<'c>,
) -> Vec<&'c Client<'a>>
where
    'c: 'a,
{
    let others = calls.clients.iter().filter(|client| client.service.arn != server.arn);
    others.filter(|client| client.is_in(input, namespace)).collect()
}

/// An old endpoint and the names that replace it.
struct Replaced<'e> {
    server: &'e EcsService,
    namespace: &'e NamespaceId,
    /// The old discovery name.
    name: DiscoveryName,
    /// What clients call.
    host: DnsName,
    port: Option<Port>,
    new: Vec<DiscoveryName>,
}

impl<'e> Replaced<'e> {
    fn of(
        candidate: &'e Candidate<'_>,
        old: &Endpoint,
        namespace: &'e Namespace,
        new: Vec<DiscoveryName>,
    ) -> Self {
        Self {
            server: candidate.service,
            namespace: &namespace.id,
            name: old.discovery(),
            host: old.host_in(namespace),
            port: old.client_port(&candidate.defaults),
            new,
        }
    }

    fn is_called_by(&self, client: &Client<'_>, calls: Calls<'_>) -> bool {
        calls.needs.refresh_causes(client, calls.offers).into_iter().any(|offer| {
            offer.service.arn == self.server.arn
                && (offer.discovery == self.name || self.new.contains(&offer.discovery))
        })
    }

    /// Why the old endpoint stays.
    fn stays<'a>(
        &self,
        input: &PlannerInput<'a>,
        calls: Calls<'_>,
        clients: &[&Client<'a>],
    ) -> Stays {
        let mut stays = Stays::default();
        for client in clients {
            match self.passing(input, calls, client) {
                Some(hold) => stays.hold = stays.hold.or(Some(hold)),
                None => stays.kept = stays.kept.or_else(|| self.kept_by(input, client)),
            }
        }
        let unread = || {
            let unread = clients.iter().find(|client| client.is_unread(input))?;
            let question = Question::TaskDefinition(unread.service.task_definition.clone());
            Some(with_facts(input, Hold::until_answered(question)))
        };
        let from_before = || self.called_by_older_tasks(input, calls);
        stays.hold = stays.hold.or_else(from_before).or_else(unread);
        stays
    }

    /// Why a client must be rolled out before the old endpoint goes, if it must.
    fn passing<'a>(
        &self,
        input: &PlannerInput<'a>,
        calls: Calls<'_>,
        client: &Client<'a>,
    ) -> Option<Hold> {
        let is_called = self.is_called_by(client, calls);
        let waits = is_called.then(|| self.waits_for(input, client, calls.offers)).flatten();
        let names = || is_called || self.named_by(input, client).is_some();
        let waits = waits.or_else(|| self.waits_for_older_tasks(client, names()));
        waits.or_else(|| self.called_by_older_tasks_of(input, client))
    }

    /// The old name as it is kept for a client that names it.
    fn kept_by<'a>(&self, input: &PlannerInput<'a>, client: &Client<'a>) -> Option<KeptName> {
        let cause = self.named_by(input, client)?;
        Some(KeptName::new(self.name.clone(), client.service.key.clone(), cause))
    }

    /// What of a client names the old endpoint, if anything does. A name that stays under another alias is still there
    /// for those whose needs list it.
    fn named_by<'a>(&self, input: &PlannerInput<'a>, client: &Client<'a>) -> Option<KeptFor> {
        let mut needs = client.declaration.needs.iter().flatten();
        if !self.new.contains(&self.name) && needs.any(|name| *name == self.name) {
            return Some(KeptFor::Needs);
        }
        let mut mentions = client.mentions(input);
        let found = mentions.find(|each| each.may_mean(&self.host, self.port));
        found.map(|each| KeptFor::Mention(each.place.clone()))
    }

    fn kept_for(&self, client: &Client<'_>) -> Hold {
        let key = client.service.key.clone();
        let kept = KeptName::new(self.name.clone(), key, KeptFor::Rollout);
        Hold::WaitingForClient(Box::new(kept))
    }

    /// Tasks of an older deployment know no more than when it began.
    fn waits_for_older_tasks(&self, client: &Client<'_>, is_called: bool) -> Option<Hold> {
        let runs = client.older().next().is_some();
        (is_called && runs).then(|| self.kept_for(client))
    }

    /// Tasks of an older deployment call what their own task definition names, whatever the new one says.
    fn called_by_older_tasks_of(
        &self,
        input: &PlannerInput<'_>,
        client: &Client<'_>,
    ) -> Option<Hold> {
        let defaults = input.view.defaults(&client.service.key.cluster);
        let is_here = |each: &&Deployment| {
            let connect = each.connect.as_ref();
            connect.is_some_and(|connect| defaults.is_in(connect, self.namespace))
        };
        client.older().filter(is_here).find_map(|each| {
            let Some(found) = input.definition(&each.task_definition) else {
                let question = Question::TaskDefinition(each.task_definition.clone());
                return Some(with_facts(input, Hold::until_answered(question)));
            };
            let mut hosts = found.environment_hosts.iter();
            let calls = hosts.any(|host| host.may_mean(&self.host, self.port));
            calls.then(|| self.kept_for(client))
        })
    }

    /// The same of every client, also of those whose newer tasks are in another namespace.
    fn called_by_older_tasks(&self, input: &PlannerInput<'_>, calls: Calls<'_>) -> Option<Hold> {
        let mut others = calls.clients.iter().filter(|each| each.service.arn != self.server.arn);
        others.find_map(|client| self.called_by_older_tasks_of(input, client))
    }

    /// Why the old endpoint must wait for a client; `None` if its tasks know every new endpoint.
    fn waits_for(
        &self,
        input: &PlannerInput<'_>,
        client: &Client<'_>,
        offers: &Offers<'_>,
    ) -> Option<Hold> {
        let Deployment { created_at, rollout, .. } = *client.service.primary()?;
        if rollout != Rollout::Completed {
            // Tasks of the deployment before still run, and ECS may roll back to them.
            return Some(self.kept_for(client));
        }
        let named = self.new.iter().flat_map(|name| offers.of(self.namespace, name));
        for offer in named.filter(|offer| offer.service.arn == self.server.arn) {
            match is_younger(input, offer, created_at) {
                Ok(false) if matches!(offer.state, EndpointState::Complete(_)) => {}
                Ok(_) => return Some(self.kept_for(client)),
                Err(hold) => return Some(with_facts(input, hold)),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
