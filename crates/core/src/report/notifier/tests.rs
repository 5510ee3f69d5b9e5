//! Who is told what, when, and how often.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::message::Group;
use super::*;
use crate::plan::reason::Reason;
use crate::report::concern::{ConcernKind, Topic};
use crate::testing::{at, cases, key};

fn service(name: &str) -> Subject {
    Subject::Service(key(name))
}

fn concern(kind: ConcernKind, why: &str) -> Concern {
    let since = at(0).calendar;
    Concern { kind, reason: Some(Reason::Conflict), why: why.to_owned(), ends: None, since }
}

/// A process with one channel, looked at every five seconds.
struct Process {
    notifier: Notifier,
    seconds: u64,
    role: Role,
    seen: BTreeMap<Subject, Sighting>,
    lines: String,
}

impl Process {
    fn new(role: Role) -> Self {
        let notifier = Notifier::new([ChannelName::Webhook], Pace::default(), at(0));
        Self { notifier, seconds: 0, role, seen: BTreeMap::new(), lines: String::new() }
    }

    fn see(&mut self, name: &str, kind: ConcernKind, why: &str) {
        self.seen.insert(service(name), Sighting::Concern(concern(kind, why)));
    }

    fn end(&mut self, name: &str) {
        self.seen.remove(&service(name));
    }

    fn concerns(&self) -> Concerns {
        Concerns {
            role: self.role,
            seen: self.seen.clone(),
            read: BTreeSet::new(),
            all_read: true,
            hides_brakes: false,
        }
    }

    /// Looks once, and takes out what is to be sent.
    fn look(&mut self) -> Option<Message> {
        self.seconds += 5;
        self.notifier.look(&self.concerns(), at(self.seconds));
        let mut due = self.notifier.due(at(self.seconds));
        assert!(due.len() < 2, "one channel");
        due.pop().map(|(_, message)| message)
    }

    /// Runs, and answers every message so.
    fn run(&mut self, seconds: u64, outcome: &Outcome) {
        let end = self.seconds + seconds;
        while self.seconds < end {
            let Some(message) = self.look() else { continue };
            let Message { number, groups, waiting, dropped, is_first } = message;
            let first = if is_first { " first" } else { "" };
            writeln!(
                self.lines,
                "{}s #{number}{first} waiting={waiting} dropped={dropped}",
                self.seconds
            )
            .expect("a String takes all text");
            for group in groups {
                let Group { kind, is_over, why, count, subjects, .. } = group;
                let over = if is_over { "over " } else { "" };
                let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
                let subjects = subjects.join(" ");
                writeln!(self.lines, "  {over}{} {count}: {subjects} {why}", kind.name())
                    .expect("a String takes all text");
            }
            self.notifier.ended(ChannelName::Webhook, outcome, at(self.seconds));
        }
    }

    fn deliver(&mut self, seconds: u64) {
        self.run(seconds, &Outcome::Delivered);
    }

    fn counts(&self) -> Counts {
        self.notifier.counts().next().expect("one channel").1
    }

    fn check(&mut self, expected: &Expect) {
        expected.assert_eq(&std::mem::take(&mut self.lines));
    }
}

#[test]
fn what_stood_before_a_start_is_told_once_in_one_message_after_a_minute() {
    let mut process = Process::new(Role::Leads);
    process.see("a", ConcernKind::Conflict, "web is held by prod/e");
    process.see("b", ConcernKind::Conflict, "web is held by prod/e");
    process.see("c", ConcernKind::TakenBack, "tasks did not start");
    process.deliver(3600);
    process.check(&expect![[r#"
        65s #1 first waiting=0 dropped=0
          takenBack 1: prod/c tasks did not start
          conflict 2: prod/a prod/b web is held by prod/e
    "#]]);
}

#[test]
fn what_breaks_together_is_told_together_and_its_end_once_it_lasts() {
    let mut process = Process::new(Role::Leads);
    process.deliver(100);
    process.see("a", ConcernKind::TakenBack, "tasks did not start");
    process.deliver(10);
    process.see("b", ConcernKind::TakenBack, "tasks did not start");
    process.deliver(300);
    process.end("a");
    process.deliver(30);
    process.see("a", ConcernKind::TakenBack, "tasks did not start");
    process.deliver(300);
    process.end("a");
    process.end("b");
    process.deliver(300);
    process.check(&expect![[r#"
        135s #1 first waiting=0 dropped=0
          takenBack 2: prod/a prod/b tasks did not start
        825s #2 waiting=0 dropped=0
          over takenBack 2: prod/a prod/b 
    "#]]);
}

#[test]
fn what_is_over_before_anybody_could_act_is_not_told() {
    let mut process = Process::new(Role::Leads);
    process.deliver(100);
    process.see("a", ConcernKind::Conflict, "x");
    process.deliver(5);
    process.end("a");
    process.deliver(600);
    assert_eq!((process.lines.as_str(), process.counts()), ("", Counts::default()));
}

#[test]
fn another_topic_of_the_same_service_is_told_and_a_drift_adds_nothing() {
    let mut process = Process::new(Role::Leads);
    process.deliver(100);
    for kind in [ConcernKind::Conflict, ConcernKind::Contended, ConcernKind::Conflict] {
        process.see("a", kind, "x");
        process.deliver(100);
    }
    process.see("a", ConcernKind::Drift, "x");
    process.deliver(1000);
    process.check(&expect![[r#"
        135s #1 first waiting=0 dropped=0
          conflict 1: prod/a x
        235s #2 waiting=0 dropped=0
          contended 1: prod/a x
    "#]]);
}

#[test]
fn after_an_outage_people_are_told_what_still_needs_them() {
    let mut process = Process::new(Role::Leads);
    process.deliver(100);
    process.see("a", ConcernKind::Conflict, "x");
    process.see("b", ConcernKind::Conflict, "y");
    process.run(200, &Outcome::Failed(None));
    process.end("b");
    process.run(300, &Outcome::Failed(None));
    process.lines.clear();
    process.deliver(700);
    process.check(&expect![[r#"
        765s #7 first waiting=0 dropped=1
          conflict 1: prod/a x
    "#]]);
    assert_eq!(process.counts(), Counts { sent: 1, failed: 6, dropped: 1 });
}

#[test]
fn after_an_hour_of_failures_things_are_given_up_and_counted_and_their_end_is_not_told() {
    let mut process = Process::new(Role::Leads);
    process.see("a", ConcernKind::Conflict, "x");
    process.run(2 * 3600, &Outcome::Failed(None));
    assert_eq!(process.counts(), Counts { sent: 0, failed: 12, dropped: 1 });
    process.lines.clear();
    process.end("a");
    process.deliver(3600);
    process.see("b", ConcernKind::Conflict, "y");
    process.deliver(3600);
    process.check(&expect![[r#"
        10835s #13 first waiting=0 dropped=1
          conflict 1: prod/b y
    "#]]);
}

#[test]
fn only_the_groups_that_did_not_arrive_are_told_again() {
    let mut process = Process::new(Role::Leads);
    process.deliver(100);
    process.see("a", ConcernKind::TakenBack, "x");
    process.see("b", ConcernKind::Conflict, "y");
    process.run(40, &Outcome::InPart([1].into()));
    process.deliver(600);
    process.check(&expect![[r#"
        135s #1 first waiting=0 dropped=0
          takenBack 1: prod/a x
          conflict 1: prod/b y
        145s #2 waiting=0 dropped=0
          conflict 1: prod/b y
    "#]]);
}

#[test]
fn a_message_has_ten_groups_and_the_others_wait_for_the_next() {
    let mut process = Process::new(Role::Leads);
    for number in 10..23 {
        process.see(&format!("s{number}"), ConcernKind::Conflict, &format!("reason {number}"));
    }
    for number in 100..150 {
        process.see(&format!("t{number}"), ConcernKind::Drift, "policy observe");
    }
    let message = loop {
        if let Some(message) = process.look() {
            break message;
        }
    };
    assert_eq!((message.groups.len(), message.waiting), (10, 53));
    process.notifier.ended(ChannelName::Webhook, &Outcome::Delivered, at(process.seconds));
    let message = process.look().expect("the others");
    let drift = message.groups.last().expect("a group");
    assert_eq!((message.groups.len(), drift.count, drift.subjects.len()), (4, 50, 20));
}

#[test]
fn a_copy_that_follows_tells_nothing_and_later_only_what_the_other_had_no_time_for() {
    let mut process = Process::new(Role::Follows);
    process.see("old", ConcernKind::Conflict, "x");
    process.see("ended", ConcernKind::Conflict, "x");
    process.deliver(300);
    process.see("new", ConcernKind::Conflict, "y");
    process.end("ended");
    process.deliver(90);
    assert_eq!(process.lines, "");
    process.role = Role::Unknown;
    process.deliver(20);
    process.role = Role::Leads;
    process.deliver(100);
    process.end("old");
    process.deliver(300);
    process.check(&expect![[r#"
        475s #1 first waiting=0 dropped=0
          conflict 1: prod/new y
        595s #2 waiting=0 dropped=0
          over conflict 1: prod/old 
    "#]]);
}

#[test]
fn what_was_not_seen_is_not_over() {
    let mut process = Process::new(Role::Leads);
    process.see("a", ConcernKind::Conflict, "x");
    process.deliver(100);
    process.lines.clear();
    process.seen.insert(service("a"), Sighting::Unclear);
    process.deliver(3600);
    assert_eq!(process.lines, "");
    process.end("a");
    process.deliver(200);
    assert!(process.lines.contains("over conflict 1: prod/a"), "{}", process.lines);
}

/// What happens between two looks.
#[derive(Debug, Clone)]
enum Happening {
    /// A service needs a person for a reason, or is in order.
    See(usize, Option<ConcernKind>),
    /// Nobody can tell how a service is.
    Hide(usize),
    /// Time passes.
    Wait(u64),
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn happening() -> impl Strategy<Value = Happening> {
    let kind = prop_oneof![
        Just(None),
        Just(Some(ConcernKind::TakenBack)),
        Just(Some(ConcernKind::Conflict)),
        Just(Some(ConcernKind::Drift)),
    ];
    let service = 0..NAMES.len();
    prop_oneof![
        5 => (service.clone(), kind).prop_map(|(service, kind)| Happening::See(service, kind)),
        1 => service.prop_map(Happening::Hide),
        4 => (1_u64..40).prop_map(Happening::Wait),
        1 => (100_u64..1000).prop_map(Happening::Wait),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let asked = prop_oneof![Just(None), (0_u64..5000).prop_map(Some)];
    prop_oneof![
        3 => Just(Outcome::Delivered),
        1 => (0_usize..3).prop_map(|group| Outcome::InPart([group].into())),
        3 => asked.prop_map(|asked| Outcome::Failed(asked.map(Duration::from_secs))),
    ]
}

/// What people know, from the messages that arrived.
#[derive(Default)]
struct People {
    told: BTreeMap<Subject, BTreeSet<Topic>>,
    ever_told: BTreeSet<(Subject, Topic)>,
    sent_at: Vec<u64>,
}

impl People {
    fn read(&mut self, groups: &[Group]) {
        for group in groups {
            for subject in &group.subjects {
                if group.is_over {
                    let told = self.told.remove(subject);
                    assert!(told.is_some(), "{subject} is over, and nobody was told that it began");
                    continue;
                }
                let topic = (group.kind, None);
                let is_new = self.told.entry(subject.clone()).or_default().insert(topic);
                assert!(is_new, "{subject} {topic:?} was told twice");
                self.ever_told.insert((subject.clone(), topic));
            }
        }
    }

    /// Within any span no more than the limit.
    fn check_limit(&self, pace: &Pace) {
        for (first, from) in self.sent_at.iter().enumerate() {
            for (last, to) in self.sent_at.iter().enumerate().skip(first) {
                let refilled = (to - from) / pace.refill.as_secs();
                let allowed = u64::from(pace.burst) + refilled;
                assert!((last - first + 1) as u64 <= allowed, "{:?}", self.sent_at);
            }
        }
    }
}

/// A life of a process that leads, with a receiver that answers late and not always.
struct Life {
    process: Process,
    people: People,
    /// The message under way, what becomes of it, and in how many looks.
    under_way: Option<(Message, Outcome, usize)>,
    /// What stood for long enough, drift apart.
    stood: BTreeSet<(Subject, Topic)>,
    since: BTreeMap<Subject, (Topic, u64)>,
}

impl Life {
    fn look(&mut self, outcomes: &mut impl Iterator<Item = (Outcome, usize)>) {
        if let Some((message, outcome, looks)) = self.under_way.take() {
            if looks > 0 {
                self.under_way = Some((message, outcome, looks - 1));
            } else {
                self.arrive(message, &outcome);
            }
        }
        self.note_what_stands();
        if let Some(message) = self.process.look() {
            assert!(self.under_way.is_none(), "one at a time");
            assert!(!message.groups.is_empty(), "a message without content");
            self.people.sent_at.push(self.process.seconds);
            let (outcome, looks) = outcomes.next().unwrap_or((Outcome::Delivered, 0));
            self.under_way = Some((message, outcome, looks));
        }
    }

    fn arrive(&mut self, message: Message, outcome: &Outcome) {
        let lost = |number: usize| match outcome {
            Outcome::Delivered => false,
            Outcome::InPart(failed) => failed.contains(&number),
            Outcome::Failed(_) => true,
        };
        let groups = message.groups.into_iter().enumerate();
        let arrived: Vec<Group> =
            groups.filter(|(number, _)| !lost(*number)).map(|(_, group)| group).collect();
        self.people.read(&arrived);
        let now = at(self.process.seconds);
        self.process.notifier.ended(ChannelName::Webhook, outcome, now);
    }

    fn note_what_stands(&mut self) {
        let now = self.process.seconds + 5;
        for name in NAMES {
            let subject = service(name);
            match self.process.seen.get(&subject) {
                Some(Sighting::Concern(concern)) => {
                    let topic = concern.topic();
                    let (before, since) = self.since.get(&subject).copied().unwrap_or((topic, now));
                    let since = if before == topic { since } else { now };
                    self.since.insert(subject.clone(), (topic, since));
                    if now - since >= 10 && topic.0 != ConcernKind::Drift {
                        self.stood.insert((subject, topic));
                    }
                }
                Some(Sighting::Unclear) => {}
                None => {
                    self.since.remove(&subject);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn never_more_than_the_limit_nothing_twice_and_nothing_lost_uncounted(
        happenings in prop::collection::vec(happening(), 1..60),
        outcomes in prop::collection::vec((outcome(), 0_usize..20), 0..60),
    ) {
        let mut life = Life {
            process: Process::new(Role::Leads),
            people: People::default(),
            under_way: None,
            stood: BTreeSet::new(),
            since: BTreeMap::new(),
        };
        let mut outcomes = outcomes.into_iter();
        for happening in happenings {
            match happening {
                Happening::See(number, kind) => {
                    match kind {
                        Some(kind) => life.process.see(NAMES[number], kind, "x"),
                        None => life.process.end(NAMES[number]),
                    }
                    life.look(&mut outcomes);
                }
                Happening::Hide(number) => {
                    life.process.seen.insert(service(NAMES[number]), Sighting::Unclear);
                }
                Happening::Wait(looks) => (0..looks).for_each(|_| life.look(&mut outcomes)),
            }
        }
        // Every message arrives from now on.
        (0..2000).for_each(|_| life.look(&mut std::iter::empty()));
        life.people.check_limit(&Pace::default());
        let dropped = life.process.counts().dropped;
        let missing = life.stood.difference(&life.people.ever_told).count() as u64;
        prop_assert!(missing <= dropped, "{missing} missing, {dropped} counted");
        for name in NAMES {
            let (subject, told) = (service(name), life.people.told.get(&service(name)));
            match life.process.seen.get(&subject) {
                None => prop_assert!(told.is_none() || dropped > 0, "{subject} is over"),
                Some(Sighting::Concern(_)) => {
                    prop_assert!(told.is_some() || dropped > 0, "{subject} needs a person");
                }
                Some(Sighting::Unclear) => {}
            }
        }
    }
}
