//! One look at a whole cluster: its default namespace, the listing of its services, and each of them with its
//! tags.
//!
//! Services are described while the listing goes on, ten a call and the tens filled across pages, so that N
//! services cost exactly ⌈N/100⌉ + ⌈N/10⌉ + 1 calls. Answers are converted as they come and then dropped: a
//! sweep holds a few answers at a time, whatever the cluster's size. Of a service without news it holds what is known
//! already ([`Settings::unchanged`](crate::Settings::unchanged)), so that a second sweep takes little memory.
//!
//! **Invariant:** a part that fails leaves the rest standing. What was listed before the listing broke is
//! described all the same, and the reading shows that the listing is not complete.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, ClusterName};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service_key::{Scope, ServiceKey};
use eastwest_core::view::reading::ClusterReading;
use futures_util::{Stream, StreamExt, stream};

use crate::describe::{IN_FLIGHT, Services, TEN};
use crate::operation::Operation;
use crate::pace::Lane;
use crate::pages::Pages;
use crate::world::World;

/// A piece of a listing.
enum Piece {
    /// Up to ten services to describe.
    Ten(Vec<ServiceKey>),
    /// The listing broke off; nothing follows.
    Broken(Fault),
}

/// How far a listing has come.
struct Listing {
    pages: Pages,
    known: BTreeSet<ServiceKey>,
    waiting: Vec<ServiceKey>,
    /// The scope of the last key: one text for all services of a cluster.
    scope: Option<Scope>,
    broken: Option<Fault>,
}

impl World {
    /// Looks at a whole cluster.
    pub(crate) async fn sweep(&self, cluster: ClusterName) -> ClusterReading {
        let mut reading = ClusterReading {
            cluster: cluster.clone(),
            default_namespace: Seen::Absent,
            listing: Ok(()),
            services: BTreeMap::new(),
            unchanged: BTreeMap::new(),
        };
        let (default_namespace, ()) = tokio::join!(
            self.default_namespace(&cluster),
            self.all_services(&cluster, &mut reading)
        );
        ClusterReading { default_namespace, ..reading }
    }

    async fn all_services(&self, cluster: &ClusterName, reading: &mut ClusterReading) {
        let calls = self.list(cluster).map(|piece| async {
            match piece {
                Piece::Ten(keys) => Ok(self.describe(cluster, keys, Lane::Background).await),
                Piece::Broken(fault) => Err(fault),
            }
        });
        let mut answers = std::pin::pin!(calls.buffer_unordered(IN_FLIGHT));
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(described) => self.add(described, reading),
                Err(fault) => reading.listing = Err(fault),
            }
        }
    }

    /// Adds what one call described. What is as it was known is not held a second time.
    fn add(&self, described: Services, reading: &mut ClusterReading) {
        for (key, seen) in described {
            let known = seen.known().and_then(|service| (self.unchanged)(service));
            match known {
                Some(known) => drop(reading.unchanged.insert(key, known)),
                None => drop(reading.services.insert(key, seen)),
            }
        }
    }

    /// The cluster's services by ten, in the order ECS lists them, none twice.
    fn list(&self, cluster: &ClusterName) -> impl Stream<Item = Piece> {
        stream::unfold(Listing::new(), move |mut listing| async move {
            while listing.waiting.len() < TEN
                && let Some(page) = listing.pages.next()
            {
                if let Err(fault) = self.read_page(cluster, page.token, &mut listing).await {
                    listing.broken = Some(fault);
                }
            }
            Some((listing.take()?, listing))
        })
    }

    async fn read_page(
        &self,
        cluster: &ClusterName,
        token: Option<String>,
        listing: &mut Listing,
    ) -> Result<(), Fault> {
        let request = self.ecs.list_services().cluster(cluster.as_str()).max_results(100);
        let request = request.set_next_token(token);
        let answer = self.call(Operation::ListServices, Lane::Background, request.send()).await;
        let answer = answer.map_err(|fault| match fault.kind {
            FaultKind::NotFound => self.no_such_cluster(Operation::ListServices, cluster),
            _ => fault,
        })?;
        for arn in listing.pages.turn(answer.service_arns, answer.next_token)? {
            listing.add(ServiceKey::of(cluster, &Arn::as_read(&arn)));
        }
        Ok(())
    }
}

impl Listing {
    fn new() -> Self {
        Self {
            pages: Pages::of(Operation::ListServices),
            known: BTreeSet::new(),
            waiting: Vec::new(),
            scope: None,
            broken: None,
        }
    }

    fn add(&mut self, mut key: ServiceKey) {
        match &self.scope {
            Some(scope) if *scope == key.scope => key.scope = scope.clone(),
            _ => self.scope = Some(key.scope.clone()),
        }
        if self.known.insert(key.clone()) {
            self.waiting.push(key);
        }
    }

    /// The next piece; the break comes last.
    fn take(&mut self) -> Option<Piece> {
        if self.waiting.is_empty() {
            return self.broken.take().map(Piece::Broken);
        }
        let rest = self.waiting.split_off(self.waiting.len().min(TEN));
        Some(Piece::Ten(std::mem::replace(&mut self.waiting, rest)))
    }
}
