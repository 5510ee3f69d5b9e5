//! Who uses a namespace, when not every service could be read.

use super::*;
use crate::ecs::fault::{Fault, FaultKind};
use crate::testing::Stage;

/// What is known if one service elsewhere is read and the other look ends so.
fn with(look: Seen<EcsService>) -> Seen<NamespaceUse> {
    let stage = Stage::read("web mode=client | in internal.myapp http/web@web:80");
    let web = stage.view.all_services().next().expect("a service").clone();
    NamespaceUse::read(Vec::new(), BTreeSet::new(), [Seen::Known(web), look])
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, "ecs.DescribeServices", "no")
}

#[test]
fn a_look_that_failed_for_a_while_makes_all_of_it_unknown() {
    for kind in [FaultKind::Incomplete, FaultKind::Throttled, FaultKind::TimedOut] {
        assert_eq!(with(Seen::Unknown(fault(kind))), Seen::Unknown(fault(kind)));
    }
}

#[test]
fn a_service_that_may_not_be_read_or_is_gone_is_left_out() {
    for look in [FaultKind::Denied, FaultKind::NotFound].map(|kind| Seen::Unknown(fault(kind))) {
        assert_eq!(with(look).known().map(|used| used.elsewhere.len()), Some(1));
    }
    assert_eq!(with(Seen::Absent).known().map(|used| used.elsewhere.len()), Some(1));
}
