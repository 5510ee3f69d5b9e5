//! Which hosts the services in view answer to, or are to: what of containers' texts a capture keeps.
//!
//! It is more than one plan compares: the hosts of every deployment and of past ones, those that declarations name, and
//! every host below the name of a namespace. A plan for other tags may make any of these an alias.

use crate::declaration::settings::Settings;
use crate::ecs::connect::Connect;
use crate::ecs::known_hosts::KnownHosts;
use crate::ecs::seen::Seen;
use crate::planner::traffic;
use crate::view::View;

/// The hosts that services answer to, or are to.
pub fn known_hosts(view: &View, settings: &Settings) -> KnownHosts {
    let mut known = KnownHosts::default();
    for namespace in view.known_namespaces() {
        known.add_below(namespace.name.as_str());
        known.add_below(namespace.http_name.as_str());
    }
    let deployments = view.all_services().flat_map(|service| &service.deployments);
    let histories = view.histories.values().filter_map(|(_, seen)| Seen::known(seen));
    let failed = histories.clone().flat_map(|history| &history.failed);
    let lately = histories.flat_map(|history| &history.lately);
    let connects = deployments
        .map(|each| &each.connect)
        .chain(failed.map(|each| &each.connect))
        .chain(lately.map(|each| &each.connect));
    for connect in connects.flatten() {
        add_aliases(&mut known, connect);
    }
    let declared = view.services().filter_map(|(_, service)| service.intent.declared());
    let endpoints = declared.flat_map(|declaration| &declaration.endpoints);
    let aliases = endpoints.filter_map(|endpoint| endpoint.alias.as_ref()?.dns_name.as_ref());
    aliases.for_each(|host| known.add(host.as_str()));
    // A document names endpoints by its own template.
    let traffic = traffic(view, settings);
    for offered in traffic.values().flat_map(|traffic| &traffic.offers) {
        known.add(offered.alias.rsplit_once(':').map_or(&offered.alias, |(host, _)| host));
    }
    known
}

fn add_aliases(known: &mut KnownHosts, connect: &Connect) {
    let aliases = connect.endpoints.iter().filter_map(|endpoint| endpoint.alias.as_ref());
    let hosts = aliases.filter_map(|alias| alias.dns_name.as_ref());
    hosts.for_each(|host| known.add(host.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::environment::{ContainerTexts, Variable};
    use crate::testing::Stage;

    #[test]
    fn deployed_declared_and_default_hosts_are_known_and_no_others() {
        let stage = Stage::read(
            "namespace internal.myapp
            web - | in internal.myapp http/web@web:80
            api mode=client-server, alias=catalog:80",
        );
        let known = known_hosts(&stage.view, &stage.settings);
        for (host, is_known) in [
            ("web", true),
            ("catalog", true),
            ("orders.internal.myapp", true),
            ("db.example.com", false),
        ] {
            let environment = vec![Variable { name: "X_HOST", value: host }];
            let container = ContainerTexts { environment, command: Vec::new() };
            let kept = known.kept_of(&[container]);
            assert_eq!(!kept[0].environment[0].is_empty(), is_known, "{host}");
        }
    }
}
