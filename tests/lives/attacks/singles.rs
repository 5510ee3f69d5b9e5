//! Attacks that are written out, because they are made of other parts than the rest.

use eastwest_core::plan::reason::Reason;

use crate::attacks::attack::{Act, Attack, Ruling};
use crate::attacks::parts::Law;
use crate::attacks::table::plain;

pub(crate) fn all() -> Vec<Attack> {
    vec![
        old_name_taken(),
        old_names_all_taken(),
        bait_for_a_swap(),
        bait_let_go(),
        chain_of_two(),
        by_hand_while_free(),
        by_hand_while_renamed(),
        comes_and_goes(),
        twins(),
    ]
}

fn changed(mut attack: Attack, acts: Vec<Act>) -> Attack {
    attack.acts = acts;
    attack.acts.sort_by_key(|act| act.at);
    attack
}

/// While an alias changes, the old one stays under `<name>-old`: somebody has that name already. The clients must be able
/// to call the old alias for as long as they would without it.
fn old_name_taken() -> Attack {
    let acts = vec![
        Act::attacker(0, "tag dev/squat discovery-name=api-old"),
        Act::others(300, "tag prod/api alias=gate:8080"),
    ];
    changed(Attack { held_from: 300, ..plain("single/old-name-taken", Law::Free) }, acts)
}

/// The same, with every name that eastwest might take next.
fn old_names_all_taken() -> Attack {
    let endpoints = "endpoint.http=name=api-old endpoint.admin=name=api-old-2";
    let acts = vec![
        Act::attacker(0, "untag dev/squat port discovery-name"),
        Act::attacker(0, format!("tag dev/squat {endpoints}")),
        Act::others(300, "tag prod/api alias=gate:8080"),
    ];
    changed(Attack { held_from: 300, ..plain("single/old-names-all-taken", Law::Free) }, acts)
}

/// The attacker has the name that the victim wants next, and offers to swap it. A client needs what it would get. Whoever
/// has a free name keeps it, so the victim waits, and keeps its own.
fn bait_for_a_swap() -> Attack {
    let acts = vec![
        Act::attacker(0, "tag dev/squat discovery-name=api2 alias=api2:8080"),
        Act::others(300, "tag prod/api discovery-name=api3 alias=api3:8080 pause=true"),
        Act::attacker(310, "tag dev/squat discovery-name=api alias=api:8080"),
    ];
    let held = Attack {
        held_from: 310,
        reasons: vec![Reason::Conflict],
        ..plain("single/bait-for-a-swap", Law::Free)
    };
    changed(held, acts)
}

/// The attacker has a name that is claimed for the victim, and lets it go in the moment in which the victim's old name
/// falls free, although a client calls that one still: it looks like a swap.
fn bait_let_go() -> Attack {
    let claims = r#"{"version":1,"limits":{"rolloutsPerNamespace":3,"rolloutsPerCluster":3,"nameQuarantine":"30m","dropOldNames":"3m"},"claims":{"api2":["prod/api"]}}"#;
    let acts = vec![
        Act::attacker(0, "tag dev/squat discovery-name=api2 alias=api2:8080"),
        Act::others(250, format!("parameter /eastwest/prod {claims}")),
        Act::others(300, "tag prod/api discovery-name=api2 alias=api2:8080"),
        Act::attacker(400, "tag dev/squat discovery-name=mine alias=mine:8080"),
        Act::attacker(700, "tag dev/squat discovery-name=api alias=api:8080"),
    ];
    let attack = plain("single/bait-let-go", Law::Free);
    let held = Attack { end: 2400, held_from: 700, reasons: vec![Reason::Conflict], ..attack };
    changed(held, acts)
}

/// The same with an accomplice between them: the attacker waits for what the accomplice has, which waits for the victim.
fn chain_of_two() -> Attack {
    let mut attack = plain("single/chain-of-two", Law::Free);
    attack.setup.push(Act::attacker(
        0,
        "service dev/pal two mode=client-server port=http discovery-name=pal",
    ));
    attack.attackers.push("dev/pal");
    let acts = vec![
        Act::others(60, "tag prod/api mode=off"),
        Act::attacker(60, "tag dev/squat discovery-name=api alias=api:8080"),
        Act::attacker(60, "tag dev/pal discovery-name=mine"),
        Act::others(500, "tag prod/api mode=client-server"),
    ];
    changed(Attack { held_from: 60, reasons: vec![Reason::Conflict], ..attack }, acts)
}

/// The attacker deploys the name by hand while it is free: AWS gives it. No client is rolled out for it.
fn by_hand_while_free() -> Attack {
    let acts = vec![
        Act::others(60, "delete prod/api"),
        Act::attacker(200, "edit dev/squat internal.myapp http,api,api,8080"),
        Act::attacker(200, "tag dev/squat pause=true"),
    ];
    let attack = plain("single/by-hand-while-free", Law::Free);
    changed(Attack { ruling: Ruling::NoClients, ..attack }, acts)
}

/// The same while the victim is renamed, with an alias of the old name.
fn by_hand_while_renamed() -> Attack {
    let acts = vec![
        Act::others(60, "tag prod/api discovery-name=api2 alias=api2:8080"),
        Act::others(60, "tag prod/cron needs=api2"),
        Act::attacker(65, "edit dev/squat internal.myapp http,mine,api,8080"),
        Act::attacker(65, "tag dev/squat pause=true"),
    ];
    let attack = plain("single/by-hand-while-renamed", Law::Free);
    changed(Attack { ruling: Ruling::NoClients, ..attack }, acts)
}

/// The attacker wants the name and does not, again and again, while the victim is made again.
fn comes_and_goes() -> Attack {
    let mut acts = vec![
        Act::others(60, "delete prod/api"),
        Act::others(
            900,
            "service prod/api web mode=client-server discovery-name=api alias=api:8080",
        ),
    ];
    for round in 0..20 {
        let at = 30 + round * 60;
        acts.push(Act::attacker(at, "tag dev/squat discovery-name=api alias=api:8080"));
        acts.push(Act::attacker(at + 30, "tag dev/squat discovery-name=mine alias=mine:8080"));
    }
    acts.push(Act::attacker(1250, "tag dev/squat discovery-name=api alias=api:8080"));
    let attack = plain("single/comes-and-goes", Law::Free);
    changed(Attack { held_from: 1250, reasons: vec![Reason::Conflict], ..attack }, acts)
}

/// Two attackers want one half of the name each.
fn twins() -> Attack {
    let mut attack = plain("single/twins", Law::Free);
    attack.setup.push(Act::attacker(
        0,
        "service prod/twin two mode=client-server port=http discovery-name=twin",
    ));
    attack.attackers.push("prod/twin");
    let acts = vec![
        Act::others(60, "delete prod/api"),
        Act::attacker(60, "tag dev/squat discovery-name=api alias=mine:80"),
        Act::attacker(60, "tag prod/twin alias=api:8080"),
        Act::others(
            600,
            "service prod/api web mode=client-server discovery-name=api alias=api:8080",
        ),
    ];
    changed(Attack { held_from: 60, reasons: vec![Reason::Conflict], ..attack }, acts)
}
