//! Names that go round: whatever is wanted, nobody ever has a name of somebody else's, and all end with their own.

use std::collections::BTreeSet;
use std::time::Duration;

use expect_test::expect;
use proptest::prelude::*;

use crate::testing::fake::Fake;

/// Service `n` has the names of the first list at `n`, and wants those of the second.
fn world(have: &[Vec<usize>], want: &[Vec<usize>]) -> String {
    let stage = "budget 9 3\ncluster prod default=internal.myapp".to_owned();
    let services = have.iter().zip(want).enumerate().map(|(at, (have, want))| {
        let tags = want
            .iter()
            .enumerate()
            .map(|(port, name)| format!("endpoint.p{port}=name=n{name} alias=n{name}:80"));
        let stands = have.iter().enumerate().map(|(port, n)| format!("p{port}/n{n}@n{n}:80"));
        let tags = tags.collect::<Vec<_>>().join(", ");
        let stands = stands.collect::<Vec<_>>().join(" ");
        let ports = "p0=80/http p1=81/http p2=82/http";
        format!("s{at} mode=client-server, {tags} | in internal.myapp {stands} | {ports}")
    });
    [stage].into_iter().chain(services).collect::<Vec<_>>().join("\n")
}

/// The names in force, by service; fails if one is there twice.
fn names(fake: &Fake) -> Vec<BTreeSet<String>> {
    let mut seen = BTreeSet::new();
    let names = |connect: &crate::ecs::connect::Connect| {
        connect.endpoints.iter().map(|e| e.discovery().to_string()).collect::<Vec<_>>()
    };
    fake.services
        .values()
        .map(|service| {
            let connect = service.deployments[0].connect.as_ref().expect("it is connected");
            let all = names(connect);
            assert!(all.iter().all(|name| seen.insert(name.clone())), "{all:?} is there twice");
            all.into_iter().collect()
        })
        .collect()
}

fn wanted(want: &[Vec<usize>]) -> Vec<BTreeSet<String>> {
    want.iter().map(|names| names.iter().map(|n| format!("n{n}")).collect()).collect()
}

/// Up to six services with one to three names each, all given out anew among them and two that were free.
fn deal() -> impl Strategy<Value = (Vec<Vec<usize>>, Vec<Vec<usize>>)> {
    prop::collection::vec(1..=3_usize, 2..=6).prop_flat_map(|counts| {
        let sum: usize = counts.iter().sum();
        let cut = move |all: &[usize]| {
            let mut rest = all.iter().copied();
            counts.iter().map(|count| rest.by_ref().take(*count).collect()).collect::<Vec<_>>()
        };
        let names: Vec<usize> = (0..sum + 2).collect();
        (Just(names.clone()).prop_shuffle(), Just(names).prop_shuffle())
            .prop_map(move |(have, want)| (cut(&have), cut(&want)))
    })
}

#[test]
fn a_swap_of_two_takes_three_rollouts() {
    let mut fake = Fake::new(&world(&[vec![0], vec![1]], &[vec![1], vec![0]]));
    fake.run(300);
    let applied = fake.log.iter().filter(|line| line.contains(" apply ")).cloned();
    expect![[r#"
        10 apply connect prod/s1
        40 apply connect prod/s0
        40 apply connect prod/s1"#]]
    .assert_eq(&applied.collect::<Vec<_>>().join("\n"));
    assert_eq!(names(&fake), wanted(&[vec![1], vec![0]]));
}

#[test]
fn a_chain_moves_up_by_waiting() {
    let mut fake = Fake::new(&world(&[vec![0], vec![1], vec![2]], &[vec![1], vec![2], vec![3]]));
    fake.run(300);
    assert_eq!(fake.count(" apply "), 1, "the others wait for an hour each");
    fake.run(9000);
    assert_eq!(names(&fake), wanted(&[vec![1], vec![2], vec![3]]));
    assert_eq!(fake.count(" apply "), 3);
}

#[test]
fn the_loser_converges_when_the_name_becomes_free() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         old mode=client-server | in internal.myapp http/api@api:80
         new mode=client-server, discovery-name=api, alias=api:80",
    );
    fake.run(300);
    assert_eq!(fake.count(" apply "), 0);
    fake.tag("old", "mode=client-server, discovery-name=other, alias=other:80");
    fake.run(3900);
    let all: Vec<String> = names(&fake).into_iter().flatten().collect();
    assert_eq!(all, ["api", "other"]);
}

#[test]
fn a_failed_first_phase_is_not_tried_again() {
    let mut fake = Fake::new(&world(&[vec![0], vec![1]], &[vec![1], vec![0]]));
    fake.rollback("s1");
    fake.run(3600);
    let applied: Vec<&String> = fake.log.iter().filter(|line| line.contains(" apply ")).collect();
    assert!(applied[0].ends_with("prod/s1"), "{applied:?}");
    assert!(applied[1].ends_with("prod/s0"), "then the other one lets go: {applied:?}");
    assert_eq!(names(&fake), wanted(&[vec![1], vec![0]]));
}

proptest! {
    #![proptest_config(crate::testing::cases(96))]

    /// However names are dealt anew, all get theirs, if only after the time for which each is kept, and at no moment is
    /// one there twice; a crash at any moment changes nothing.
    #[test]
    fn every_deal_of_names_comes_to_its_end((have, want) in deal(), crashes in prop::collection::vec(1..90_u64, 0..4)) {
        let mut fake = Fake::with(&world(&have, &want), |settings| {
            settings.timing.name_quarantine = Duration::from_mins(1);
        });
        for seconds in crashes {
            fake.run(seconds);
            fake.restart();
        }
        for _ in 0..360 {
            fake.run(10);
            names(&fake);
        }
        prop_assert_eq!(names(&fake), wanted(&want), "{}\n{}", world(&have, &want), fake.take_log());
        let writes = fake.count(" apply ");
        prop_assert!(writes <= 3 * have.len(), "{} rollouts", writes);
    }
}
