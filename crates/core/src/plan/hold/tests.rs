//! Who ends a hold: one answer for the plan, the status, `apply` and `lint`.

use crate::declaration::settings::Policy;
use crate::ecs::environment::MentionPlace;
use crate::ecs::fault::FaultKind;
use crate::ecs::name::DiscoveryName;
use crate::plan::awaited::{Awaited, Until};
use crate::plan::hold::{Hold, Unseen};
use crate::plan::kept_name::{KeptFor, KeptName};
use crate::plan::reason::{Ending, Reason};
use crate::testing::{fault, key};

fn waiting_for_server(until: Until) -> Hold {
    let name = DiscoveryName::as_read("api");
    Hold::WaitingForServer(Box::new(Awaited { name, server: key("api"), inferred: false, until }))
}

#[test]
fn what_is_running_or_tried_again_ends_by_itself() {
    for hold in [
        Hold::Rolling,
        waiting_for_server(Until::Changed),
        waiting_for_server(Until::Complete),
        waiting_for_server(Until::Filled),
        Hold::NotSeen(Unseen::JustStarted),
        Hold::NotSeen(Unseen::Service(fault(FaultKind::Throttled))),
        Hold::Refused(fault(FaultKind::Throttled)),
    ] {
        assert_eq!(hold.ending(), Ending::ByItself, "{hold}");
    }
}

#[test]
fn what_a_person_must_mend_or_decide_waits_for_a_person() {
    for hold in [
        Hold::Ambiguous,
        Hold::NotSeen(Unseen::BadDocument),
        Hold::NotSeen(Unseen::Service(fault(FaultKind::Denied))),
        Hold::Refused(fault(FaultKind::Refused)),
        Hold::Paused(None),
        Hold::Observe(Policy::Observe),
        waiting_for_server(Until::Mended(Reason::Conflict)),
    ] {
        assert_eq!(hold.ending(), Ending::ByPerson, "{hold}");
    }
}

/// eastwest rolls the client out itself and then removes the old name, so nobody has to act on the service that waits.
/// Whether the client can be rolled out is the client's matter: if a person must act, its own entry says so, and
/// whoever runs the engine until it rests must not wait for the service behind it.
#[test]
fn an_old_name_waits_for_its_client_and_for_no_person() {
    let hold = kept(KeptFor::Rollout);
    assert_eq!(hold.ending(), Ending::ByAnother);
    assert!(!hold.ends_by_itself());
}

/// eastwest changes neither needs nor environments: a person mends them or agrees.
#[test]
fn an_old_name_that_a_client_still_names_waits_for_a_person() {
    for cause in [KeptFor::Needs, KeptFor::Mention(MentionPlace::Variable("ORDERS_URL".into()))] {
        assert_eq!(kept(cause).ending(), Ending::ByPerson);
    }
}

fn kept(cause: KeptFor) -> Hold {
    let kept = KeptName::new(DiscoveryName::as_read("orders"), key("web"), cause);
    Hold::WaitingForClient(Box::new(kept))
}
