//! One attack: what stands before it, who does what when, and what must come of it.

use eastwest_core::plan::reason::Reason;

/// Whose a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The victim, its clients, the platform and the machines.
    Others,
    /// The attacker: it is left out of the run that shows how the world goes without it.
    Attacker,
}

/// One line of the language of the stories, and when it is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    /// Seconds since everything stood; those of the setup come before that, in their order.
    pub(crate) at: u64,
    pub(crate) by: Side,
    pub(crate) line: String,
}

impl Act {
    pub(crate) fn others(at: u64, line: impl Into<String>) -> Self {
        Self { at, by: Side::Others, line: line.into() }
    }

    pub(crate) fn attacker(at: u64, line: impl Into<String>) -> Self {
        Self { at, by: Side::Attacker, line: line.into() }
    }
}

/// What the attacker must not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// The names, the calls of the clients, and any write to somebody else that there would not be without it.
    Nothing,
    /// The calls of the clients, and a rollout of theirs. It has the name, because it deployed it by hand and AWS gave
    /// it: no controller stands between a tenant and AWS.
    NoClients,
}

/// One attack.
#[derive(Debug, Clone)]
pub(crate) struct Attack {
    pub(crate) name: String,
    /// Whether two processes share the work by leases.
    pub(crate) is_leased: bool,
    pub(crate) setup: Vec<Act>,
    pub(crate) acts: Vec<Act>,
    /// How long the world is watched, in seconds.
    pub(crate) end: u64,
    /// The services of the attacker, as `cluster/name`.
    pub(crate) attackers: Vec<&'static str>,
    /// The victim's names: discovery names, and aliases as `host:port`.
    pub(crate) guarded: Vec<String>,
    /// Those who call the victim, and what they call.
    pub(crate) clients: Vec<(&'static str, String)>,
    /// What the status of the attacker's first service says in the end; empty where nothing is said.
    pub(crate) reasons: Vec<Reason>,
    /// From when on the attacker is written no more, in seconds.
    pub(crate) held_from: u64,
    pub(crate) ruling: Ruling,
    /// So many seconds less than without the attacker a client may get through: where calls fail by their number, others
    /// fail in a world in which there is one service more.
    pub(crate) later: u64,
}

impl Attack {
    /// The world in which the attacker is not.
    pub(crate) fn without_attacker(&self) -> Self {
        let others =
            |acts: &[Act]| acts.iter().filter(|act| act.by == Side::Others).cloned().collect();
        Self { setup: others(&self.setup), acts: others(&self.acts), ..self.clone() }
    }

    /// Everything that is done, as a script.
    pub(crate) fn script(&self) -> String {
        let line = |act: &Act| format!("{}\n", act.line);
        let timed = |act: &Act| format!("# {} s\n{}\n", act.at, act.line);
        let setup: String = self.setup.iter().map(line).collect();
        let acts: String = self.acts.iter().map(timed).collect();
        format!("{setup}{acts}# {} s: the end\n", self.end)
    }
}
