//! Values drawn from one case's seed, each over the whole range it may have and often at its ends.

use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

const LABEL: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_-";
const HOST: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_-.";
/// What a tag's value may hold (API:Tag.value) but the space and what words are split at.
const WORD: &[u8] = b"abcXYZ019+-._:/@";

/// One case's luck.
pub(crate) struct Dice(SmallRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    pub(crate) fn number(&mut self, from: u64, to: u64) -> u64 {
        self.0.random_range(from..=to)
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// True in so many of a hundred throws.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from.choose(&mut self.0).expect("something to pick from").clone()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }

    fn text(&mut self, alphabet: &[u8], longest: u64) -> String {
        let length = match self.number(0, 9) {
            0 => 1,
            1 => longest,
            2..8 => self.number(2, longest.min(12)),
            _ => self.number(1, longest),
        };
        (0..length).map(|_| char::from(self.pick(alphabet))).collect()
    }

    /// A port's or a discovery name: 1 to 64 characters, no leading hyphen.
    pub(crate) fn label(&mut self) -> String {
        let text = self.text(LABEL, 64);
        text.strip_prefix('-').map_or(text.clone(), |rest| format!("x{rest}"))
    }

    /// An alias's host: 1 to 127 characters, no leading hyphen.
    pub(crate) fn host(&mut self) -> String {
        let text = self.text(HOST, 127);
        text.strip_prefix('-').map_or(text.clone(), |rest| format!("x{rest}"))
    }

    /// One word of a tag's value that means nothing to us.
    pub(crate) fn word(&mut self, longest: u64) -> String {
        self.text(WORD, longest)
    }

    pub(crate) fn port(&mut self) -> u32 {
        let port = match self.number(0, 5) {
            0 => 1,
            1 => 65_535,
            2 => self.pick(&[80, 443, 8080, 1024, 1025]),
            _ => self.number(1, 65_535),
        };
        u32::try_from(port).expect("a port")
    }

    pub(crate) fn ingress_port(&mut self) -> u32 {
        self.port().max(1025)
    }

    /// A time as tags spell it: `0`, or whole seconds, minutes or hours up to 2^31 - 1 seconds.
    pub(crate) fn time(&mut self) -> String {
        let (unit, most) = self.pick(&[("s", 2_147_483_647), ("m", 35_791_394), ("h", 596_523)]);
        match self.number(0, 6) {
            0 => "0".to_owned(),
            1 => format!("{most}{unit}"),
            // What ECS applies by itself.
            2 => self.pick(&["300s", "5m", "15s", "1h", "3600s"]).to_owned(),
            3 => format!("{}{unit}", self.number(0, most)),
            _ => format!("{}s", self.number(0, 999)),
        }
    }

    pub(crate) fn arn(&mut self, service: &str, kind: &str) -> String {
        format!("arn:aws:{service}:eu-central-1:123456789012:{kind}/{}", self.word(24))
    }
}
