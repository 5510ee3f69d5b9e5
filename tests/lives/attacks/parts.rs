//! The parts that attacks are made of: what the victim does, what the attacker wants, who it is, when it begins, and what
//! goes wrong meanwhile.
//!
//! The victim is `prod/api` in namespace `internal.myapp`. It serves the discovery name `api`.

use eastwest_core::plan::reason::Reason;

use crate::attacks::attack::Act;

/// When the victim does something, in seconds.
const EVENT: u64 = 60;

/// What happens to the victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scene {
    Stands,
    Deploys,
    Renamed,
    AliasChanged,
    Recreated,
    RecreatedLate,
    RecreatedAfterwards,
    OffAndOn,
    MovedAndBack,
    RolledBack,
    EditedByHand,
    ScaledToNone,
    Replaced,
}

impl Scene {
    pub(crate) const ALL: [Self; 13] = [
        Self::Stands,
        Self::Deploys,
        Self::Renamed,
        Self::AliasChanged,
        Self::Recreated,
        Self::RecreatedLate,
        Self::RecreatedAfterwards,
        Self::OffAndOn,
        Self::MovedAndBack,
        Self::RolledBack,
        Self::EditedByHand,
        Self::ScaledToNone,
        Self::Replaced,
    ];

    /// When the victim wants its name again, if it gives it up for a time.
    fn returns_at(self) -> Option<u64> {
        match self {
            Self::Recreated | Self::OffAndOn | Self::MovedAndBack => Some(500),
            // A minute and a half before the quarantine of half an hour can end.
            Self::RecreatedLate => Some(1770),
            // A client that needs it runs, so it is kept after the quarantine too.
            Self::RecreatedAfterwards => Some(4000),
            _ => None,
        }
    }

    pub(crate) fn end(self) -> u64 {
        match self {
            Self::Renamed | Self::AliasChanged => 1800,
            _ => self.returns_at().map_or(900, |at| at + 400),
        }
    }

    /// What is done to the victim; `victim` creates it.
    pub(crate) fn acts(self, victim: &str) -> Vec<Act> {
        let event = |line: &str| Act::others(EVENT, line);
        let back = |line: &str| Act::others(self.returns_at().unwrap_or(EVENT), line);
        match self {
            Self::Stands => Vec::new(),
            Self::Deploys => vec![event("deploy prod/api web")],
            Self::Renamed => vec![
                event("tag prod/api discovery-name=api2 alias=api2:8080"),
                Act::others(400, "tag prod/cron needs=api2"),
            ],
            Self::AliasChanged => vec![event("tag prod/api alias=gate:8080")],
            Self::Recreated | Self::RecreatedLate | Self::RecreatedAfterwards => {
                vec![event("delete prod/api"), back(victim)]
            }
            Self::OffAndOn => {
                vec![event("tag prod/api mode=off"), back("tag prod/api mode=client-server")]
            }
            Self::MovedAndBack => vec![
                event("tag prod/api namespace=other.myapp"),
                back("tag prod/api namespace=internal.myapp"),
            ],
            Self::RolledBack => vec![
                event("rollout prod/api 30 fail"),
                event("tag prod/api discovery-name=api2 alias=api2:8080"),
            ],
            Self::EditedByHand => vec![event("edit prod/api off")],
            Self::ScaledToNone => {
                vec![event("scale prod/api 0"), Act::others(400, "scale prod/api 2")]
            }
            // As a template does that replaces a service: no sweep need show that it was gone.
            Self::Replaced => vec![event("delete prod/api"), Act::others(EVENT + 40, victim)],
        }
    }

    /// Whether the victim's old names are nobody's for a while, so that only what eastwest remembers keeps them.
    pub(crate) fn frees_names(self) -> bool {
        self.returns_at().is_some()
            || matches!(self, Self::Renamed | Self::AliasChanged | Self::Replaced)
    }

    /// Whether clients call the victim. In the other scenes they would keep it from giving its name up.
    pub(crate) fn has_clients(self) -> bool {
        !matches!(self, Self::MovedAndBack | Self::RecreatedLate | Self::OffAndOn)
    }
}

/// When the attacker begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// Long before.
    Before,
    /// In the same instant, right after the victim.
    With,
    /// While a rollout of the victim runs.
    Rolling,
    /// Once eastwest has seen that the name is free.
    Freed,
    /// A second before the victim wants its name back.
    BeforeReturn,
    /// A second after it.
    AfterReturn,
}

impl Moment {
    pub(crate) const ALL: [Self; 6] = [
        Self::Before,
        Self::With,
        Self::Rolling,
        Self::Freed,
        Self::BeforeReturn,
        Self::AfterReturn,
    ];

    /// The second in a scene; none where the scene has no such moment.
    pub(crate) fn at(self, scene: Scene) -> Option<u64> {
        match self {
            Self::Before => Some(0),
            Self::With => Some(EVENT),
            Self::Rolling => Some(EVENT + 15),
            Self::Freed => scene.frees_names().then_some(EVENT + 190),
            Self::BeforeReturn => scene.returns_at().map(|at| at - 1),
            Self::AfterReturn => scene.returns_at().map(|at| at + 1),
        }
    }
}

/// How the victim's alias is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// No alias is declared: `api.internal.myapp:8080`.
    Default,
    /// `api:8080`.
    Short,
}

impl Form {
    pub(crate) fn alias(self) -> &'static str {
        match self {
            Self::Default => "api.internal.myapp:8080",
            Self::Short => "api:8080",
        }
    }

    pub(crate) fn tags(self) -> &'static str {
        match self {
            Self::Default => "discovery-name=api",
            Self::Short => "discovery-name=api alias=api:8080",
        }
    }
}

/// Whether the document keeps the names for the victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Law {
    Free,
    Claimed,
}

/// What the attacker wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// The discovery name.
    Name,
    /// The discovery name, under an alias of its own.
    NameAlone,
    /// The alias, under a discovery name of its own.
    AliasAlone,
    /// Both.
    Both,
    /// The alias on another port.
    OtherPort,
    /// The name that the alias has by default.
    LongAlias,
    /// The same in the other namespace's name.
    ForeignLongAlias,
    /// The name in capitals.
    Capitals,
    /// The alias in capitals.
    CapitalAlias,
    /// The alias with the dot of the root.
    Dot,
    /// With a letter that only looks the same.
    LookAlike,
    /// As the second of two endpoints.
    Second,
    /// By a parameter that a tag names.
    Parameter,
    /// By a parameter that claims it for the attacker.
    OwnClaim,
    /// A name that the victim is about to take.
    NextName,
}

/// Sets tags in place of those that describe the attacker's one endpoint.
const BARE: &str = "untag {key} port discovery-name";

impl Wish {
    pub(crate) const ALL: [Self; 15] = [
        Self::Name,
        Self::NameAlone,
        Self::AliasAlone,
        Self::Both,
        Self::OtherPort,
        Self::LongAlias,
        Self::ForeignLongAlias,
        Self::Capitals,
        Self::CapitalAlias,
        Self::Dot,
        Self::LookAlike,
        Self::Second,
        Self::Parameter,
        Self::OwnClaim,
        Self::NextName,
    ];

    /// What the tags are in the end.
    pub(crate) fn tags(self, form: Form) -> String {
        let alias = form.alias();
        match self {
            Self::Name => "port=http discovery-name=api".to_owned(),
            Self::NameAlone => "port=http discovery-name=api alias=mine:80".to_owned(),
            Self::AliasAlone => format!("port=http discovery-name=mine alias={alias}"),
            Self::Both => format!("port=http discovery-name=api alias={alias}"),
            Self::OtherPort => "port=http discovery-name=mine alias=api:8081".to_owned(),
            Self::LongAlias => {
                "port=http discovery-name=mine alias=api.internal.myapp:80".to_owned()
            }
            Self::ForeignLongAlias => {
                "port=http discovery-name=mine alias=api.other.myapp:80".to_owned()
            }
            Self::Capitals => "port=http discovery-name=API".to_owned(),
            Self::CapitalAlias => "port=http discovery-name=mine alias=API:8080".to_owned(),
            Self::Dot => "port=http discovery-name=mine alias=api.internal.myapp.:8080".to_owned(),
            Self::LookAlike => "port=http discovery-name=\u{430}pi".to_owned(),
            Self::Second => {
                format!("endpoint.http=name=mine endpoint.admin=name=api+alias={alias}")
            }
            Self::Parameter => "document=/eastwest/teams/squat".to_owned(),
            Self::OwnClaim => {
                "document=/eastwest/teams/claim port=http discovery-name=api".to_owned()
            }
            Self::NextName => "port=http discovery-name=api2 alias=api2:8080".to_owned(),
        }
    }

    /// The lines with which a service that stands comes to want it.
    pub(crate) fn lines(self, key: &str, form: Form) -> Vec<String> {
        let tag = format!("tag {key} {}", self.tags(form));
        match self {
            Self::Second | Self::Parameter => vec![BARE.replace("{key}", key), tag],
            _ => vec![tag],
        }
    }

    /// Why it is held; none where the wish is a fair one under this law.
    pub(crate) fn reasons(self, law: Law) -> Option<&'static [Reason]> {
        match (self, law) {
            (Self::Capitals | Self::CapitalAlias | Self::LookAlike, _) => {
                Some(&[Reason::Ambiguous])
            }
            // No name in DNS; and neither a single label nor a name of this namespace.
            (Self::Dot, _) | (Self::ForeignLongAlias, Law::Free) => Some(&[Reason::Ineligible]),
            (Self::OwnClaim, Law::Free) => {
                Some(&[Reason::NotSeen, Reason::Ambiguous, Reason::Conflict])
            }
            (Self::OwnClaim, Law::Claimed) => {
                Some(&[Reason::NotSeen, Reason::Ambiguous, Reason::Claimed])
            }
            (Self::ForeignLongAlias, Law::Claimed) => Some(&[Reason::Ineligible, Reason::Claimed]),
            // Each is a name of its own, which nobody has: only a claim keeps it.
            (Self::OtherPort | Self::LongAlias | Self::NextName, Law::Free) => None,
            (_, Law::Free) => Some(&[Reason::Conflict]),
            (_, Law::Claimed) => Some(&[Reason::Claimed]),
        }
    }
}

/// Who attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// A service of another cluster that is older than the victim.
    Elder,
    /// One that is younger.
    Younger,
    /// An older one of the victim's cluster.
    Neighbour,
    /// A service of the victim's name in another cluster.
    Namesake,
    /// A service that is created for it.
    Newborn,
    /// A service that is deleted and created again for it.
    Reborn,
    /// A service of another namespace that comes over.
    Stranger,
}

impl Who {
    pub(crate) const ALL: [Self; 7] = [
        Self::Elder,
        Self::Younger,
        Self::Neighbour,
        Self::Namesake,
        Self::Newborn,
        Self::Reborn,
        Self::Stranger,
    ];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Neighbour => "prod/squat",
            Self::Namesake => "dev/api",
            Self::Stranger => "lab/squat",
            Self::Elder | Self::Younger | Self::Newborn | Self::Reborn => "dev/squat",
        }
    }

    /// Whether it is created before the victim, or after it; none if it is not there at first.
    pub(crate) fn is_older(self) -> Option<bool> {
        match self {
            Self::Newborn => None,
            Self::Younger => Some(false),
            _ => Some(true),
        }
    }

    /// What it does to want something from that second on, and when it is held at the latest.
    pub(crate) fn acts(self, wish: Wish, form: Form, at: u64) -> (Vec<Act>, u64) {
        let key = self.key();
        let create = format!("service {key} two mode=client-server {}", wish.tags(form));
        let tag = || wish.lines(key, form).into_iter().map(move |line| Act::attacker(at, line));
        match self {
            Self::Newborn => (vec![Act::attacker(at, create)], at),
            Self::Reborn => {
                let gone = Act::attacker(at, format!("delete {key}"));
                (vec![gone, Act::attacker(at + 90, create)], at + 90)
            }
            Self::Stranger => {
                let comes = Act::attacker(at, format!("tag {key} namespace=internal.myapp"));
                (tag().chain([comes]).collect(), at)
            }
            _ => (tag().collect(), at),
        }
    }
}

/// What goes wrong meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    Calm,
    /// Readings show what was.
    Stale,
    /// Listings leave services out.
    Partial,
    /// Calls are throttled.
    Throttled,
    /// Nobody can read who uses the namespace.
    Denied,
    /// eastwest crashes and begins again, and has forgotten whose names were.
    Restarts,
    /// The process that leads dies, and the other one takes over.
    LeaderDies,
}

impl Trouble {
    pub(crate) const ALL: [Self; 7] = [
        Self::Calm,
        Self::Stale,
        Self::Partial,
        Self::Throttled,
        Self::Denied,
        Self::Restarts,
        Self::LeaderDies,
    ];

    pub(crate) fn acts(self) -> Vec<Act> {
        let fault = |line: &str| Act::others(EVENT + 1, format!("fault {line}"));
        match self {
            Self::Calm => Vec::new(),
            Self::Stale => vec![fault("ecs.DescribeServices stale 6")],
            Self::Partial => vec![fault("ecs.DescribeServices partial 4")],
            Self::Throttled => vec![fault("ecs.DescribeServices throttle 8")],
            Self::Denied => vec![fault("servicediscovery.ListServices denied 4")],
            Self::Restarts => {
                vec![Act::others(EVENT + 150, "crash"), Act::others(EVENT + 152, "start")]
            }
            Self::LeaderDies => vec![Act::others(EVENT + 150, LEADER_DIES)],
        }
    }
}

/// The line that ends the process that leads.
pub(crate) const LEADER_DIES: &str = "leader-dies";
