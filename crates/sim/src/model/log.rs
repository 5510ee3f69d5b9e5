//! The log of mutating calls: what was asked, by whom, when, and what came of it.
//!
//! Invariant: a refused call is logged too, in the order of arrival; reads never are. Tests and
//! `GET /_sim/log` judge the controller by this log, so it is written in one place, around the operation.

use serde::Serialize;

use super::Model;
use crate::model::bus::Outcome;
use crate::model::records::{Effect, Mutation};
use crate::shapes::ApiError;

impl Model {
    /// Names who makes the next calls: the user agent, for the log.
    pub fn set_caller(&mut self, caller: &str) {
        if self.caller != caller {
            caller.clone_into(&mut self.caller);
        }
    }

    /// The mutating calls so far, in order.
    pub fn mutations(&self) -> &[Mutation] {
        &self.mutations
    }

    /// Forgets the mutating calls so far.
    pub fn clear_mutations(&mut self) {
        self.mutations.clear();
    }

    /// Runs one mutating operation and writes down what came of it.
    pub(super) fn logged<Q: Serialize, A: Serialize>(
        &mut self,
        operation: &'static str,
        request: Q,
        run: impl FnOnce(&mut Self, Q) -> Result<A, ApiError>,
    ) -> Result<A, ApiError> {
        let body = serde_json::to_value(&request).unwrap_or_default();
        let (time, caller) = (self.now, self.caller.clone());
        self.started = None;
        let outcome = run(self, request);
        let effect = match (&outcome, self.started.take()) {
            (Err(error), _) => {
                Effect::Refused { code: error.code.to_owned(), message: error.message.clone() }
            }
            (Ok(_), Some(deployment)) => Effect::Started { deployment },
            (Ok(_), None) => Effect::Changed,
        };
        if self.is_recorded(operation) {
            let told = match &outcome {
                Ok(answer) => Outcome::Answered(serde_json::to_value(answer).unwrap_or_default()),
                Err(error) => Outcome::Refused(error.clone()),
            };
            self.announce_call(operation, &body, told);
        }
        self.mutations.push(Mutation { time, caller, operation, body, effect });
        outcome
    }
}
