//! Reads what core asks for beside the look: tasks and Cloud Map instances, several at once.

use std::sync::Arc;

use eastwest_aws::World;
use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::Arn;
use eastwest_core::ecs::namespace::Instance;
use eastwest_core::ecs::network::Network;
use eastwest_core::ecs::task::Task;
use eastwest_core::report::verify::{Evidence, Subjects, TasksOf};
use tokio::task::JoinSet;

use crate::command::look::reminders;

/// Reads in flight; each waits for its share of the API quota anyway.
const AT_ONCE: usize = 16;

/// One thing to read.
enum Read {
    Tasks(TasksOf),
    Instances(Arn),
}

/// What came of it.
enum Answer {
    Tasks(TasksOf, Result<Vec<Task>, Fault>),
    Instances(Arn, Result<Vec<Instance>, Fault>),
}

/// Everything that tells about these subjects.
pub(super) async fn read(
    world: &Arc<World>,
    subjects: &Subjects,
    network: Option<Network>,
    most_alone: usize,
) -> Evidence {
    let tasks = subjects.tasks_to_read(network.is_some(), most_alone);
    let instances = subjects.instances_to_read();
    // Tasks first: one that has started by then is an instance when instances are read.
    let mut evidence = Evidence { network, ..Evidence::default() };
    all(world, tasks.into_iter().map(Read::Tasks).collect(), &mut evidence).await;
    all(world, instances.into_iter().map(Read::Instances).collect(), &mut evidence).await;
    evidence
}

async fn all(world: &Arc<World>, mut waiting: Vec<Read>, evidence: &mut Evidence) {
    let mut running = JoinSet::new();
    let mut clock = reminders();
    loop {
        while running.len() < AT_ONCE
            && let Some(read) = waiting.pop()
        {
            let world = Arc::clone(world);
            running.spawn(async move { one(&world, read).await });
        }
        let ended = tokio::select! {
            ended = running.join_next() => ended,
            _ = clock.tick() => {
                let left = waiting.len() + running.len();
                eprintln!("still reading tasks and instances: {left} still to be read");
                continue;
            }
        };
        match ended {
            Some(Ok(answer)) => note(evidence, answer),
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
            None => return,
        }
    }
}

async fn one(world: &World, read: Read) -> Answer {
    match read {
        Read::Tasks(of) => {
            let tasks = world.tasks(&of.cluster, of.service.as_ref()).await;
            Answer::Tasks(of, tasks)
        }
        Read::Instances(arn) => {
            let instances = world.instances(&arn).await;
            Answer::Instances(arn, instances)
        }
    }
}

fn note(evidence: &mut Evidence, answer: Answer) {
    match answer {
        Answer::Instances(arn, seen) => {
            evidence.instances.insert(arn, seen);
        }
        Answer::Tasks(of, seen) => {
            for key in of.wanted {
                let mine = |tasks: &Vec<Task>| {
                    let mine = tasks.iter().filter(|task| task.service.as_ref() == Some(&key.name));
                    mine.cloned().collect()
                };
                let seen = seen.as_ref().map(mine).map_err(Fault::clone);
                evidence.tasks.insert(key, seen);
            }
        }
    }
}
