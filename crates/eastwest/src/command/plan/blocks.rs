//! Holds by what they wait for: one block for all services that wait for the same thing, so that its text comes once.
//!
//! What a person must end comes first, then what ends after another service, then what ends by itself.

use std::collections::BTreeMap;

use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::reason::{Ending, Reason};

use crate::api::plan::HoldRow;

/// Services that wait for the same thing.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// What they wait for.
    pub(crate) hold: &'a Hold,
    /// The services.
    pub(crate) rows: Vec<&'a HoldRow>,
}

impl Block<'_> {
    /// Its reason.
    pub(crate) fn reason(&self) -> Reason {
        self.hold.reason()
    }

    /// Whether a person must end it.
    pub(crate) fn needs_a_person(&self) -> bool {
        self.hold.ending() == Ending::ByPerson
    }
}

/// The blocks of these holds, in the order in which they are shown.
pub(crate) fn blocks(holds: &[HoldRow]) -> Vec<Block<'_>> {
    let mut blocks = BTreeMap::new();
    for row in holds {
        let hold = &row.hold;
        let key =
            (rank(hold.ending()), hold.reason(), hold.to_string(), hold.ends(), hold.snippet());
        blocks.entry(key).or_insert_with(|| Block { hold, rows: Vec::new() }).rows.push(row);
    }
    blocks.into_values().collect()
}

fn rank(ending: Ending) -> u8 {
    match ending {
        Ending::ByPerson => 0,
        Ending::ByAnother => 1,
        Ending::ByItself => 2,
    }
}
