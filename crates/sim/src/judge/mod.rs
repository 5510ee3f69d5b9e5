//! Judges every write, and the end of every run, by the model's truth alone.
//!
//! **In:** the model after everything that happens, each write with its answer, and what the controller was told of
//! Parameter Store. **Out:** the first [`Violation`], and how often what happened that only the truth tells.
//!
//! A write is judged against everything that a reading could still show when it was decided: the *window* begins one
//! staleness bound before the close look that it rests on (or, where there was none, before one attempt's time-out) and
//! ends with its arrival. A rule is broken only if it was broken throughout the window. So no controller is blamed for
//! what it could not see, and none is excused for what it must have seen. What it did itself it must know: names and
//! rollouts that its own writes took get no such grace. Of Parameter Store it may know what its last good reading
//! showed, and everything since.
//!
//! | rule | says | file |
//! |---|---|---|
//! | I1 | no write takes a name that another ACTIVE service of the namespace has, or that the document keeps for others | `names` |
//! | I2 | no write to a service that has not opted in, that is paused or frozen, against the policy, or before a document was read | `opt_in` |
//! | I3 | never more rollouts of our making at once than the budget; never one onto a rollout of that service | `budget` |
//! | I4 | no write that changes nothing; nobody is redeployed who knows all that it needs, or for a name that came just now | `repeats`, `refresh` |
//! | I5 | a request's body has three members, of a refresh three others; what nobody asked to change is carried over | `carried_over` |
//! | I6 | between two writes to a service something other than ourselves changed it, its tags or its namespaces | `repeats` |
//! | I6b | what ECS refused is not sent again within five minutes, unless something changed | `checker` |
//! | I7 | no write is decided while another process has the lease, nor sent after another wrote under a later taking of it | the run |
//! | I8 | what another writer changed back three times within the hour is left alone | `fights` |
//! | I9 | what ECS rolled back is never sent again on the same task definition | `repeats` |
//! | I10 | tags that cannot be understood mean no write | `opt_in` |
//! | I11 | switching off needs `mode=off`, removing an endpoint a declaration: absence asks for nothing | `opt_in` |
//! | I12 | no more services of a namespace change in one go than the limit, unless somebody agreed | `mass_change` |
//! | I13 | no client is rolled out while a server that it declares to need has never completed | `servers_first` |
//! | I15 | nothing secret is in what the controller does or says | the run |
//! | I16 | no panic, no spinning | the run |
//! | rename | no name that a client declares to need goes in the write that brings what takes its place | `renames` |
//! | kept | the last step of a rename takes no name that a client's needs still list, unless somebody agreed | `renames` |
//! | wave | nothing begins in a namespace beside the first rollout of ours that is to complete, nor soon after one failed | `waves` |
//! | turns | a service that waits for nothing but its turn lets each other service go first at most once | `turns` |
//! | window | nothing begins while a maintenance window is closed | `windows` |
//! | check | the controller's own last check finds nothing to object to | the run |
//! | convergence | once everything is calm, everything is as it is declared, or differs for a reason in the truth | `convergence` |
//!
//! In reading order: `keys`, `effective`, `service_history`, `calendar`, `parameter_history` (what is so, over time);
//! `sent_write`, then one file for each family of rules; `needs`, `wanted`, `needed_names`, `waits`, `convergence` (how it must end);
//! `checker`, which asks them all.

mod budget;
mod calendar;
mod carried_over;
mod checker;
mod convergence;
mod effective;
mod fights;
mod keys;
mod mass_change;
mod names;
mod needed_names;
mod needs;
mod opt_in;
mod parameter_history;
mod refresh;
mod renames;
mod repeats;
mod sent_write;
mod servers_first;
mod service_history;
mod turns;
mod unhindered;
mod waits;
mod wanted;
mod waves;
mod windows;

pub use checker::Checker;
pub use convergence::unsettled;
pub use effective::{Effective, EffectiveEndpoint, Taken};
pub use parameter_history::AtRest;
pub use sent_write::Violation;

pub(crate) use keys::key_of;
