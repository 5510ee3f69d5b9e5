//! `GET /metrics` as a monitor reads it: its samples, its size, and how long it takes.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::http::{self, Connection, Request};
use super::times::Times;

/// A page is rendered at most once a second, so each of these readings gets one of its own.
const APART: Duration = Duration::from_millis(1100);
const READINGS: usize = 50;

/// One reading of the page.
pub(crate) struct Metrics(String);

impl Metrics {
    /// Reads the page of a running eastwest.
    pub(crate) fn read(address: SocketAddr) -> Result<Self> {
        let page = http::once(address, &Request::json("GET", "/metrics", ""))?;
        Ok(Self(String::from_utf8(page).context("/metrics is not text")?))
    }

    /// The sum of every sample of `name` whose labels contain `label`.
    pub(crate) fn total(&self, name: &str, label: &str) -> Option<f64> {
        let samples = self.samples().filter_map(|line| {
            let (key, value) = line.rsplit_once(' ')?;
            let (found, labels) = key.split_once('{').unwrap_or((key, ""));
            (found == name && labels.contains(label)).then(|| value.parse::<f64>().ok())?
        });
        let samples: Vec<f64> = samples.collect();
        (!samples.is_empty()).then(|| samples.iter().sum())
    }

    /// The mean of a histogram in seconds, if it has any sample.
    pub(crate) fn mean(&self, histogram: &str) -> Option<Duration> {
        let sum = self.total(&format!("{histogram}_sum"), "")?;
        let count = self.total(&format!("{histogram}_count"), "")?;
        (count > 0.0).then(|| Duration::from_secs_f64(sum / count))
    }

    /// How many samples of a histogram are at most as large as the bound of this bucket.
    pub(crate) fn within(&self, histogram: &str, bound: &str) -> Option<f64> {
        self.total(&format!("{histogram}_bucket"), &format!("le=\"{bound}\""))
    }

    /// Calls to AWS that were refused for their rate.
    pub(crate) fn throttled(&self) -> f64 {
        self.total("eastwest_aws_calls_total", "result=\"Throttled\"").unwrap_or_default()
    }

    /// Time series on the page.
    pub(crate) fn series(&self) -> usize {
        self.samples().count()
    }

    fn samples(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    }
}

/// How long a reading takes over a kept connection, as Prometheus keeps one.
pub(crate) fn readings(address: SocketAddr, path: &str) -> Result<Times> {
    let mut connection = Connection::open(address)?;
    let mut times = Vec::new();
    for _ in 0..READINGS {
        thread::sleep(APART);
        let asked = Instant::now();
        let answer = connection.send(&Request::json("GET", path, ""))?;
        anyhow::ensure!(answer.status == 200, "{path}: status {}", answer.status);
        times.push(asked.elapsed());
    }
    Times::of(times)
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use std::time::Duration;

    const PAGE: &str = "# HELP x y\nx_sum{a=\"1\"} 3\nx_sum{a=\"2\"} 1\nx_count{a=\"1\"} 1\nx_count{a=\"2\"} 1\n\
        xy 9\nx_bucket{le=\"0.5\"} 1\nx_bucket{le=\"0.05\"} 0\n";

    #[test]
    fn samples_are_summed_over_their_labels_and_counted() {
        let page = Metrics(PAGE.to_owned());
        assert_eq!(page.total("x_sum", ""), Some(4.0));
        assert_eq!(page.total("x_sum", "a=\"2\""), Some(1.0));
        assert_eq!(page.total("nothing", ""), None);
        assert_eq!(page.mean("x"), Some(Duration::from_secs(2)));
        assert_eq!(page.within("x", "0.5"), Some(1.0));
        assert_eq!(page.series(), 7);
    }
}
