//! A thousand attacks on a name: a tenant, who may only tag and deploy his own services, wants a name that another
//! service has, had or is about to take.
//!
//! An attack is made of parts (`parts`): what happens to the victim, when the attacker begins, who he is, what he wants and
//! how he spells it, whether the document claims the name, what goes wrong meanwhile. `table` puts them together, and
//! `singles` has those that are written out. Each is run twice on virtual time: with the attacker, and in the same world
//! without him. By the model's truth he must win nothing:
//!
//! - no running deployment of his ever has the name or the alias;
//! - no call of a client of the victim ever goes to him, and each client gets through as long as without him;
//! - eastwest writes to nobody else what it would not write without him, and everything of others ends the same;
//! - once he wants the name, eastwest writes to him no more, and his status says the right reason.
//!
//! ```console
//! $ EASTWEST_ATTACK=recreated/with/elder/both/free/short/calm EASTWEST_TRACE=1 cargo lives -- --nocapture replay_one_attack
//! ```

mod attack;
mod parts;
mod run;
mod singles;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use self::attack::{Attack, Ruling};
use self::run::{Seen, run};
use crate::matrix::all;

/// What the attacker has won, or what is wrong with how he was refused.
fn won(attack: &Attack, with: &Seen, without: &Seen) -> Option<String> {
    if let Some(violation) = &with.violation {
        return Some(format!("breaks {}: {}", violation.rule, violation.text));
    }
    if let Some((client, second)) = with.lured.first_key_value() {
        return Some(format!("the calls of {client} go to the attacker at {second} s"));
    }
    if attack.ruling == Ruling::NoClients {
        return refreshed(attack, with, without);
    }
    if let Some((name, second)) = with.taken.first_key_value() {
        return Some(format!("the attacker has {name} at {second} s"));
    }
    let longer = |(client, seconds): (&String, &u64)| {
        let gets_through = with.served.get(client).copied().unwrap_or_default();
        (gets_through + attack.later < *seconds).then(|| {
            format!("{client} gets through for {gets_through} s, and for {seconds} s without him")
        })
    };
    if let Some(text) = without.served.iter().find_map(longer) {
        return Some(text);
    }
    if with.writes != without.writes {
        return Some(format!(
            "writes to others: {:#?}\nwithout him: {:#?}",
            with.writes, without.writes
        ));
    }
    if with.end != without.end {
        return Some(format!("all others end as {:#?}\nwithout him: {:#?}", with.end, without.end));
    }
    refused(attack, with)
}

/// Whether a client was rolled out more often than without the attacker.
fn refreshed(attack: &Attack, with: &Seen, without: &Seen) -> Option<String> {
    let count = |seen: &Seen, client: &str| seen.writes.get(client).map_or(0, Vec::len);
    attack.clients.iter().find_map(|(client, _)| {
        let (more, fewer) = (count(with, client), count(without, client));
        (more > fewer).then(|| format!("{client} is rolled out {more} times, without him {fewer}"))
    })
}

/// What is wrong with how the attacker is held.
fn refused(attack: &Attack, with: &Seen) -> Option<String> {
    if attack.reasons.is_empty() {
        return None;
    }
    if let Some(second) = with.attackers_writes.iter().find(|second| **second > attack.held_from) {
        return Some(format!("the attacker is written at {second} s"));
    }
    let is_right = with.reason.is_some_and(|reason| attack.reasons.contains(&reason));
    (!is_right)
        .then(|| format!("his status says {:?}, not one of {:?}", with.reason, attack.reasons))
}

/// What became of an attack: what he has won, if he has.
fn outcome(attack: &Attack, without: &Seen) -> Option<String> {
    match run(attack) {
        Ok(with) => won(attack, &with, without),
        Err(error) => Some(error),
    }
}

fn told(attack: &Attack, text: &str) -> String {
    format!(
        "{}: {text}\nreplay: EASTWEST_ATTACK={} EASTWEST_TRACE=1 cargo lives -- --nocapture replay_one_attack",
        attack.name, attack.name
    )
}

/// The worlds without attackers, by what is done in them.
fn worlds(attacks: &[Attack]) -> BTreeMap<String, Seen> {
    let worlds: BTreeMap<String, Attack> =
        attacks.iter().map(Attack::without_attacker).map(|world| (key(&world), world)).collect();
    let worlds: Vec<(String, Attack)> = worlds.into_iter().collect();
    let seen = all(worlds.len(), |at| {
        let (key, world) = &worlds[at];
        let seen = run(world).unwrap_or_else(|error| panic!("{}: {error}", world.name));
        assert_eq!(seen.violation, None, "{} without its attacker", world.name);
        (key.clone(), seen)
    });
    seen.into_iter().collect()
}

/// What tells the worlds without attackers apart: also who is watched.
fn key(world: &Attack) -> String {
    format!("{} {:?}\n{}", world.is_leased, world.attackers, world.script())
}

#[test]
fn a_thousand_attacks_on_names_win_nothing() {
    let began = std::time::Instant::now();
    let attacks: Vec<Attack> = table::attacks().into_values().collect();
    let distinct: BTreeSet<String> =
        attacks.iter().map(|attack| format!("{} {}", attack.is_leased, attack.script())).collect();
    assert_eq!(distinct.len(), attacks.len(), "two attacks are the same");
    assert!(attacks.len() >= 1000, "only {} attacks", attacks.len());
    let worlds = worlds(&attacks);
    let outcomes = all(attacks.len(), |at| {
        let attack = &attacks[at];
        outcome(attack, &worlds[&key(&attack.without_attacker())])
    });
    println!(
        "{} attacks in {} worlds, in {:.1} s",
        attacks.len(),
        worlds.len(),
        began.elapsed().as_secs_f64()
    );
    let failed =
        attacks.iter().zip(&outcomes).filter_map(|(attack, won)| Some((attack, won.as_ref()?)));
    let failed: Vec<String> = failed.map(|(attack, won)| told(attack, won)).collect();
    for text in &failed {
        println!("{text}");
    }
    assert!(failed.is_empty(), "{} of {} attacks win something", failed.len(), attacks.len());
}

#[test]
fn without_an_attacker_the_victim_ends_with_its_name() {
    let all = table::attacks().into_values();
    let attacks: Vec<Attack> = all.filter(|attack| attack.ruling == Ruling::Nothing).collect();
    for (world, seen) in worlds(&attacks) {
        let has = |line: &String| line.contains("  prod/api:") && line.contains(" is api");
        assert!(seen.end.iter().any(has), "{world}\n{:#?}", seen.end);
    }
}

#[test]
fn replay_one_attack() {
    let Ok(name) = std::env::var("EASTWEST_ATTACK") else { return };
    let attacks = table::attacks();
    let attack = attacks.get(&name).unwrap_or_else(|| panic!("there is no attack {name}"));
    let without = run(&attack.without_attacker()).unwrap_or_else(|error| panic!("{error}"));
    let with = run(attack).unwrap_or_else(|error| panic!("{error}"));
    println!("{}{}", attack.script(), with.trace);
    assert_eq!(won(attack, &with, &without), None, "{name}");
}
