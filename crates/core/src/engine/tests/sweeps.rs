//! When a cluster is read again as a whole.

use std::time::Duration;

use crate::testing::fake::Fake;

/// Two clusters that are swept once a minute, or a little earlier.
const TWO: &str = "cluster prod default=internal.myapp
     web -
     cluster stage default=internal.myapp
     stage/web -";

/// The sweeps of both clusters in an hour, in seconds after the start, by a process that AWS answers so much later once.
fn sweeps(late: Duration, jitter_percent: u32) -> [Vec<u64>; 2] {
    let mut fake = Fake::with(TWO, |settings| settings.timing.jitter_percent = jitter_percent);
    fake.run(10);
    fake.now = fake.now.plus(late);
    fake.run(3590);
    ["prod", "stage"].map(|cluster| {
        let ends = format!(" sweep {cluster}");
        let of_cluster = fake.log.iter().filter_map(|line| line.strip_suffix(&ends));
        of_cluster.map(|second| second.parse().expect("a second")).collect()
    })
}

/// In how many of their seconds two series have a sweep together.
fn together(one: &[u64], other: &[u64]) -> usize {
    one.iter().filter(|second| other.contains(second)).count()
}

#[test]
fn from_one_sweep_to_the_next_is_the_interval_or_up_to_a_tenth_less() {
    for swept in sweeps(Duration::ZERO, 10) {
        // The first two are those of the start.
        let gaps: Vec<u64> = swept[1..].windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| (54..=60).contains(gap)), "{gaps:?}");
        let (least, most) = (gaps.iter().min(), gaps.iter().max());
        assert!(least <= Some(&55) && most >= Some(&58), "the whole tenth is used: {gaps:?}");
    }
}

#[test]
fn the_sweeps_of_two_clusters_and_of_two_processes_do_not_stay_in_step() {
    let [prod, stage] = sweeps(Duration::ZERO, 10);
    let [of_another_process, _] = sweeps(Duration::from_millis(1), 10);
    for other in [&stage, &of_another_process] {
        let in_step = together(&prod, other);
        assert!(in_step < prod.len() / 4, "{in_step} of {}: {prod:?} and {other:?}", prod.len());
    }
    let [prod, stage] = sweeps(Duration::ZERO, 0);
    assert_eq!(prod, stage, "without it they do");
}
