//! What is drawn before a life begins: the settings of the controller, and AWS's answers to open questions.

use std::collections::BTreeSet;
use std::time::Duration;

use eastwest_core::declaration::document::MassChange;
use eastwest_core::declaration::settings::{Budget, Policy, Settings, Timing};
use eastwest_core::ecs::name::ClusterName;
use rand::Rng;
use rand::rngs::SmallRng;

use super::fleet::Fleet;
use crate::model::{Echo, Echoes, EmptyLists, EndpointExists, NamespaceEcho, Switches};

/// The settings of the controller.
pub(crate) fn settings(dice: &mut SmallRng, fleet: &Fleet) -> Settings {
    let policy = match dice.random_range(0..20) {
        0 => Policy::Observe,
        1..5 => Policy::UpsertOnly,
        _ => Policy::Sync,
    };
    let watched: BTreeSet<ClusterName> =
        fleet.clusters().iter().map(|name| ClusterName::as_read(name)).collect();
    let budget = match dice.random_range(0..3) {
        0 => Budget::default(),
        _ => Budget {
            per_cluster: dice.random_range(1..=3),
            per_namespace: dice.random_range(1..=3),
        },
    };
    let clusters = dice.random_bool(0.7).then_some(watched);
    Settings { clusters, policy, budget, ..Settings::default() }
}

/// How long the controller waits: in one life of three clients follow at once. The last step of a rename waits longer
/// than a life lasts.
pub(crate) fn timing(seed: u64) -> Timing {
    let refresh_every = Duration::from_secs([0, 60, 240][(seed % 3) as usize]);
    let drop_old_names_after = Duration::from_hours(30 * 24);
    Timing { refresh_every, drop_old_names_after, ..Timing::default() }
}

/// How much may change without consent: the default, or so little that the limit is reached soon.
pub(crate) fn mass_change(dice: &mut SmallRng) -> MassChange {
    match dice.random_range(0..12) {
        0 => MassChange::Count(1),
        1 => MassChange::Count(2),
        2 => MassChange::Percent(5),
        _ => Settings::default().mass_change,
    }
}

/// For how long a name that was in use is kept from other services: so short that it ends within a life.
pub(crate) fn name_quarantine(dice: &mut SmallRng) -> Duration {
    Duration::from_secs([0, 30, 120, 120][dice.random_range(0..4)])
}

/// An answer to each question that AWS's documentation leaves open.
pub(crate) fn switches(dice: &mut SmallRng) -> Switches {
    // A random source of its own, so that it does not change what is drawn after it.
    let echo = echoes(&mut dice.clone());
    let mut flip = || dice.random_bool(0.5);
    let filled = |filled| if filled { Echo::Filled } else { Echo::AsSent };
    let unmodelled_version = flip();
    let (identical_config_deploys, alias_collision_refused) = (flip(), flip());
    let (dns_name, discovery_name) = (flip(), flip());
    Switches {
        identical_config_deploys,
        alias_collision_refused,
        echo: Echoes {
            unmodelled_version,
            dns_name: filled(dns_name),
            discovery_name: filled(discovery_name),
            ..echo
        },
        scale_out_uses_old_snapshot: flip(),
        rollback_takes_snapshot: flip(),
        own_endpoint_in_first_snapshot: flip(),
        endpoint_exists: if flip() {
            EndpointExists::AtCreation
        } else {
            EndpointExists::AtCompletion
        },
        update_takes_cluster_default: flip(),
        leftover_seconds: [Some(30), Some(5), None][usize::from(flip()) + usize::from(flip())],
        non_rolling_state_shown: true,
    }
}

/// The forms in which AWS gives a namespace and lists back. Other forms (defaults left out, members filled in) are
/// tried by the round trip alone: the judge compares those members as they were sent.
fn echoes(dice: &mut SmallRng) -> Echoes {
    let namespaces =
        [NamespaceEcho::AsSent, NamespaceEcho::Arn, NamespaceEcho::Name, NamespaceEcho::HttpName];
    let lists = [EmptyLists::Absent, EmptyLists::SecretOptions, EmptyLists::All];
    Echoes {
        namespace: namespaces[dice.random_range(0..namespaces.len())],
        empty_lists: lists[dice.random_range(0..lists.len())],
        reordered: dice.random_bool(0.5),
        ..Echoes::default()
    }
}
