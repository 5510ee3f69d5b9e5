//! What a metric is: a row of [`metric_table`](super::metric_table), and what is made from it.
//!
//! **Invariant:** every collector is made from its row. So the name, the labels and the help of a metric stand once, and
//! the page `docs/metrics.md`, which is printed from the same rows, cannot differ from what is served.

use prometheus::{
    CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    Opts,
};
use serde::{Serialize, Serializer};

/// One metric.
#[derive(Debug, Serialize)]
pub(crate) struct Metric {
    /// Its name.
    pub(crate) name: &'static str,
    /// How its values are to be read.
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// Its labels.
    pub(crate) labels: &'static [Label],
    /// What it counts or measures: one sentence, which is served with it.
    pub(crate) help: &'static str,
    /// What a person sees by it: the end of the sentence "use it to see".
    pub(crate) purpose: &'static str,
    /// A query of Prometheus that answers such a question.
    pub(crate) query: &'static str,
}

/// How the values of a metric are to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only grows, and begins at zero with the process.
    Counter,
    /// It counts observations by their size; these are the upper bounds, in seconds.
    Histogram(&'static [f64]),
}

impl Kind {
    /// Its name, as Prometheus spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A label.
#[derive(Debug, Serialize)]
pub(crate) struct Label {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it can be.
    #[serde(flatten)]
    pub(crate) values: Values,
}

/// What a label can be.
#[derive(Debug, Serialize)]
pub(crate) enum Values {
    /// One of these.
    #[serde(rename = "values", serialize_with = "listed")]
    Closed(fn() -> Vec<&'static str>),
    /// A name that AWS or a user gave: of what, and what bounds their number.
    #[serde(rename = "names")]
    Named(&'static str),
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn listed<S: Serializer>(
    values: &fn() -> Vec<&'static str>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    values().serialize(serializer)
}

impl Metric {
    /// A counter for each set of labels.
    pub(crate) fn counters(&self) -> IntCounterVec {
        IntCounterVec::new(self.options(), &self.label_names()).expect("a valid name")
    }

    /// The counter, of a metric without labels.
    pub(crate) fn counter(&self) -> IntCounter {
        IntCounter::with_opts(self.options()).expect("a valid name")
    }

    /// A counter of fractions for each set of labels.
    pub(crate) fn amounts(&self) -> CounterVec {
        CounterVec::new(self.options(), &self.label_names()).expect("a valid name")
    }

    /// A gauge for each set of labels.
    pub(crate) fn gauges(&self) -> GaugeVec {
        GaugeVec::new(self.options(), &self.label_names()).expect("a valid name")
    }

    /// The gauge, of a metric without labels.
    pub(crate) fn gauge(&self) -> Gauge {
        Gauge::with_opts(self.options()).expect("a valid name")
    }

    /// A histogram for each set of labels.
    pub(crate) fn histograms(&self) -> HistogramVec {
        HistogramVec::new(self.buckets(), &self.label_names()).expect("ascending buckets")
    }

    /// The histogram, of a metric without labels.
    pub(crate) fn histogram(&self) -> Histogram {
        Histogram::with_opts(self.buckets()).expect("ascending buckets")
    }

    fn options(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    fn buckets(&self) -> HistogramOpts {
        let bounds = match self.kind {
            Kind::Histogram(bounds) => bounds.to_vec(),
            Kind::Gauge | Kind::Counter => Vec::new(),
        };
        HistogramOpts::new(self.name, self.help).buckets(bounds)
    }

    fn label_names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|label| label.name).collect()
    }
}

/// Metrics that belong together.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    /// What they are about.
    pub(crate) title: &'static str,
    /// The metrics.
    pub(crate) metrics: &'static [&'static Metric],
}
