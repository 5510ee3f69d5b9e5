//! Ids and ARNs: made from a seed and never from a clock or the system's randomness.
//!
//! Invariant: the same seed and the same calls give the same ids, in the forms AWS's own have
//! (`ecs-svc/` and nineteen digits, 32 hex digits for a task, `ns-`, `srv-`), so that no reader can rely
//! on a form AWS does not have. A generator of eight lines serves better here than a crate whose stream
//! may change with its version.

use super::EcsServiceKey;

/// The source of ids: splitmix64 over a counter.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub(super) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Nineteen digits, as in `ecs-svc/...` and service revisions.
    pub(super) const fn digits(&mut self) -> u64 {
        1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000
    }

    /// 128 bits, printed as 32 hex digits: a task's id.
    pub(super) fn wide(&mut self) -> u128 {
        (u128::from(self.next()) << 64) | u128::from(self.next())
    }

    /// That many characters of an alphabet.
    pub(super) fn letters(&mut self, count: usize, alphabet: &[u8]) -> String {
        (0..count)
            .map(|_| {
                let at = usize::try_from(self.next() >> 33).unwrap_or_default() % alphabet.len();
                char::from(alphabet[at])
            })
            .collect()
    }

    /// Sixteen lower-case letters and digits, as after `ns-` and `srv-`.
    pub(super) fn lower(&mut self, count: usize) -> String {
        self.letters(count, b"abcdefghijklmnopqrstuvwxyz234567")
    }

    /// The last part of a service deployment's ARN.
    pub(super) fn deployment(&mut self) -> String {
        self.letters(21, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    }

    /// The id of a pause hook (DG:pause-lifecycle-hooks).
    pub(super) fn hook(&mut self) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        format!("ecs-pause-{}", self.letters(43, alphabet))
    }

    /// A UUID's form, for events and attachments.
    pub(super) fn uuid(&mut self) -> String {
        uuid(self.wide())
    }
}

/// A number written as a UUID is.
pub(super) fn uuid(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Who owns everything: the Region and the account of every ARN.
#[derive(Debug, Clone)]
pub(super) struct Arns {
    pub(super) region: String,
    pub(super) account: String,
}

impl Arns {
    fn ecs(&self, rest: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{rest}", self.region, self.account)
    }

    pub(super) fn cluster(&self, name: &str) -> String {
        self.ecs(&format!("cluster/{name}"))
    }

    pub(super) fn service(&self, key: &EcsServiceKey) -> String {
        self.ecs(&format!("service/{key}"))
    }

    pub(super) fn task(&self, cluster: &str, id: u128) -> String {
        self.ecs(&format!("task/{cluster}/{id:032x}"))
    }

    pub(super) fn container(&self, cluster: &str, task: u128, index: u128) -> String {
        self.ecs(&format!("container/{cluster}/{task:032x}/{}", uuid(task.wrapping_add(index + 1))))
    }

    pub(super) fn task_definition(&self, family: &str, revision: usize) -> String {
        self.ecs(&format!("task-definition/{family}:{revision}"))
    }

    pub(super) fn service_deployment(&self, key: &EcsServiceKey, id: &str) -> String {
        self.ecs(&format!("service-deployment/{key}/{id}"))
    }

    pub(super) fn service_revision(&self, key: &EcsServiceKey, number: u64) -> String {
        self.ecs(&format!("service-revision/{key}/{number}"))
    }

    fn cloud_map(&self, rest: &str) -> String {
        format!("arn:aws:servicediscovery:{}:{}:{rest}", self.region, self.account)
    }

    pub(super) fn namespace(&self, id: &str) -> String {
        self.namespace_of(&self.account, id)
    }

    pub(super) fn namespace_of(&self, account: &str, id: &str) -> String {
        format!("arn:aws:servicediscovery:{}:{account}:namespace/{id}", self.region)
    }

    pub(super) fn cloud_map_service(&self, id: &str) -> String {
        self.cloud_map(&format!("service/{id}"))
    }

    /// A queue of SQS.
    pub(super) fn queue(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.region, self.account)
    }

    /// A rule of the bus `default`.
    pub(super) fn rule(&self, name: &str) -> String {
        format!("arn:aws:events:{}:{}:rule/{name}", self.region, self.account)
    }

    pub(super) fn event_bus(&self, name: &str) -> String {
        format!("arn:aws:events:{}:{}:event-bus/{name}", self.region, self.account)
    }

    /// Whoever calls: IAM is not modelled, so it is always the same.
    pub(super) fn caller(&self) -> String {
        format!("arn:aws:sts::{}:assumed-role/simulated/simulated", self.account)
    }

    pub(super) fn parameter(&self, name: &str) -> String {
        let slash = if name.starts_with('/') { "" } else { "/" };
        format!("arn:aws:ssm:{}:{}:parameter{slash}{name}", self.region, self.account)
    }
}

/// The last part of an ARN or of a plain id: what follows the last slash.
pub(super) fn last_part(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}
