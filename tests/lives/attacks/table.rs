//! The table of attacks: which parts are put together, and a few that are written out.
//!
//! Every part meets every scene, and every law; not every part meets every other one, which would be a hundred thousand
//! runs that differ in nothing that matters.

use std::collections::{BTreeMap, BTreeSet};

use crate::attacks::attack::{Act, Attack, Ruling, Side};
use crate::attacks::parts::{Form, Law, Moment, Scene, Trouble, Who, Wish};

/// How much later a client may be rolled out because there is one service more.
const LATER_SECONDS: u64 = 5;
/// The same where another process takes over at another phase of its sweeps.
const TAKE_OVER_SECONDS: u64 = 60;
/// The same where the calls that fail are other ones.
const FAULTS_SECONDS: u64 = 300;

/// One combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Parts {
    scene: Scene,
    moment: Moment,
    who: Who,
    wish: Wish,
    law: Law,
    form: Form,
    trouble: Trouble,
}

impl Parts {
    /// What the other parts are where one is tried in all its forms.
    fn plain(scene: Scene, moment: Moment) -> Self {
        Self {
            scene,
            moment,
            who: Who::Elder,
            wish: Wish::Both,
            law: Law::Free,
            form: Form::Short,
            trouble: Trouble::Calm,
        }
    }

    /// Whether it is an attack that means something, and that is to win nothing.
    fn means_something(self) -> bool {
        let Self { scene, moment, wish, law, trouble, .. } = self;
        // A fair wish is no attack.
        let is_unfair = wish.reasons(law).is_some();
        // After a restart eastwest does not know whose a free name was: only a claim keeps it (docs/security.md).
        let forgets = trouble == Trouble::Restarts && scene.frees_names() && law == Law::Free;
        // The name that comes next is claimed in the scene in which it comes.
        let comes = wish != Wish::NextName || matches!(scene, Scene::Renamed | Scene::RolledBack);
        is_unfair && !forgets && comes && moment.at(scene).is_some()
    }

    fn name(self) -> String {
        let Self { scene, moment, who, wish, law, form, trouble } = self;
        format!("{scene:?}/{moment:?}/{who:?}/{wish:?}/{law:?}/{form:?}/{trouble:?}").to_lowercase()
    }
}

/// Every combination that is tried.
fn combinations() -> BTreeSet<Parts> {
    let laws = [Law::Free, Law::Claimed];
    let mut all = BTreeSet::new();
    for scene in Scene::ALL {
        for moment in Moment::ALL {
            let plain = Parts::plain(scene, moment);
            for law in laws {
                for wish in [Wish::Name, Wish::AliasAlone, Wish::Both] {
                    all.insert(Parts { wish, law, ..plain });
                }
            }
        }
        let first = Parts::plain(scene, Moment::With);
        for law in laws {
            all.extend(Trouble::ALL.map(|trouble| Parts { law, trouble, ..first }));
            all.extend(Who::ALL.map(|who| Parts { who, law, ..first }));
        }
    }
    for scene in [Scene::Stands, Scene::Renamed, Scene::Recreated] {
        for (law, form) in
            laws.into_iter().flat_map(|law| [Form::Default, Form::Short].map(|form| (law, form)))
        {
            let plain = Parts { law, form, ..Parts::plain(scene, Moment::With) };
            all.extend(Wish::ALL.map(|wish| Parts { wish, ..plain }));
            all.extend(Wish::ALL.map(|wish| Parts { wish, who: Who::Newborn, ..plain }));
        }
        for who in Who::ALL {
            let plain = Parts { who, ..Parts::plain(scene, Moment::With) };
            all.extend(Moment::ALL.map(|moment| Parts { moment, ..plain }));
            all.extend(Trouble::ALL.map(|trouble| Parts { trouble, ..plain }));
        }
    }
    all.into_iter().filter(|parts| parts.means_something()).collect()
}

/// The document: three rollouts at once, a quarantine of half an hour, and the claims.
fn document(law: Law) -> String {
    let claims = match law {
        Law::Free => "",
        Law::Claimed => r#","claims":{"api":["prod/api"],"api2":["prod/api"]}"#,
    };
    format!(
        r#"{{"version":1,"limits":{{"rolloutsPerNamespace":3,"rolloutsPerCluster":3,"nameQuarantine":"30m"}}{claims}}}"#
    )
}

fn victim(form: Form) -> String {
    format!("service prod/api web mode=client-server {}", form.tags())
}

/// What stands before an attack; the attacker's own services first, or last.
fn setup(law: Law, form: Form, attacker: Option<(bool, &str)>, with_clients: bool) -> Vec<Act> {
    let others = |line: &str| Act::others(0, line);
    let attacker = attacker.map(|(first, key)| {
        let line = format!("service {key} two mode=client-server port=http discovery-name=mine");
        (first, Act::attacker(0, line))
    });
    let mut all: Vec<Act> = [
        "namespace internal.myapp",
        "namespace other.myapp",
        "cluster prod default internal.myapp",
        "cluster dev default internal.myapp",
        "cluster lab default other.myapp",
        "taskdef job",
        "taskdef web http:8080",
        "taskdef two http:8080 admin:9090",
        r#"parameter /eastwest/teams/squat {"endpoints":[{"port":"http","discoveryName":"api"}]}"#,
        r#"parameter /eastwest/teams/claim {"claims":{"api":["dev/squat"]}}"#,
    ]
    .map(others)
    .into();
    all.push(others(&format!("taskdef caller env:API_URL=http://{}", form.alias())));
    all.push(others(&format!("parameter /eastwest/prod {}", document(law))));
    all.extend(attacker.iter().filter(|(first, _)| *first).map(|(_, act)| act.clone()));
    all.push(others(&victim(form)));
    if with_clients {
        all.push(others("service prod/cron job mode=client needs=api"));
        all.push(others("service prod/shop caller mode=client"));
    }
    all.extend(attacker.iter().filter(|(first, _)| !*first).map(|(_, act)| act.clone()));
    all
}

/// The victim's names, and what its clients call.
fn guarded(form: Form) -> Vec<String> {
    vec!["api".to_owned(), form.alias().to_owned()]
}

fn clients(form: Form, there: bool) -> Vec<(&'static str, String)> {
    let called = || form.alias().to_owned();
    if there { vec![("prod/cron", called()), ("prod/shop", called())] } else { Vec::new() }
}

fn put_together(parts: Parts) -> Attack {
    let Parts { scene, moment, who, wish, law, form, trouble } = parts;
    let at = moment.at(scene).unwrap_or_default();
    let attacker = who.is_older().map(|older| (older, who.key()));
    let (does, held_from) = who.acts(wish, form, at);
    let mut acts = scene.acts(&victim(form));
    acts.extend(does);
    acts.extend(trouble.acts());
    // In one instant the victim comes first, then whatever goes wrong, then the attacker.
    acts.sort_by_key(|act| (act.at, act.by == Side::Attacker));
    let mut guarded = guarded(form);
    if wish == Wish::NextName {
        guarded.extend(["api2".to_owned(), "api2:8080".to_owned()]);
    }
    Attack {
        name: parts.name(),
        is_leased: trouble == Trouble::LeaderDies,
        setup: setup(law, form, attacker, scene.has_clients()),
        acts,
        end: scene.end(),
        attackers: vec![who.key()],
        guarded,
        clients: clients(form, scene.has_clients()),
        reasons: wish.reasons(law).unwrap_or_default().to_vec(),
        held_from,
        ruling: Ruling::Nothing,
        later: match trouble {
            Trouble::Calm | Trouble::Restarts => LATER_SECONDS,
            Trouble::LeaderDies => TAKE_OVER_SECONDS,
            _ => FAULTS_SECONDS,
        },
    }
}

/// All of them, by name.
pub(crate) fn attacks() -> BTreeMap<String, Attack> {
    let parts = combinations();
    let all = parts.into_iter().map(put_together).chain(super::singles::all());
    all.map(|attack| (attack.name.clone(), attack)).collect()
}

/// What every attack that is written out begins with: the plain world with clients.
pub(crate) fn plain(name: &str, law: Law) -> Attack {
    let form = Form::Short;
    Attack {
        name: name.to_owned(),
        is_leased: false,
        setup: setup(law, form, Some((true, "dev/squat")), true),
        acts: Vec::new(),
        end: 1500,
        attackers: vec!["dev/squat"],
        guarded: guarded(form),
        clients: clients(form, true),
        reasons: Vec::new(),
        held_from: 0,
        ruling: Ruling::Nothing,
        later: LATER_SECONDS,
    }
}
