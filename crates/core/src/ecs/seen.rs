//! The result of looking at one thing: it is there, it is not there, or we do not know.
//!
//! **Invariant:** only [`Seen::Known`] justifies a change. A page that failed, an entry of `failures[]` or
//! a refused call makes [`Seen::Unknown`], never [`Seen::Absent`].

use super::fault::Fault;

/// The result of looking at one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<T> {
    /// It is there and this is what it is.
    Known(T),
    /// We looked, completely, and it is not there.
    Absent,
    /// The look failed, so we do not know.
    Unknown(Fault),
}

impl<T> Seen<T> {
    /// The thing, if it was seen.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(thing) => Some(thing),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// The same with the thing, if it was seen, turned into another.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::Known(thing) => Seen::Known(turn(thing)),
            Self::Absent => Seen::Absent,
            Self::Unknown(fault) => Seen::Unknown(fault),
        }
    }
}
