//! Standard output. Colours are taken away where nobody sees them, and a reader that goes away, as `head` does, is no error.

use std::io::{ErrorKind, Write};

use anyhow::Context as _;

/// Prints a text. Says whether somebody still reads.
pub(crate) fn print(text: &str) -> anyhow::Result<bool> {
    write(&mut anstream::stdout(), text)
}

fn write(to: &mut impl Write, text: &str) -> anyhow::Result<bool> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("standard output cannot be written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place that refuses every byte.
    struct Refuses(ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is() {
        assert!(write(&mut Vec::new(), "text").expect("it is written"));
        assert!(!write(&mut Refuses(ErrorKind::BrokenPipe), "text").expect("nobody reads"));
        let full = write(&mut Refuses(ErrorKind::StorageFull), "text").expect_err("it is lost");
        assert!(full.to_string().contains("standard output cannot be written"), "{full}");
    }
}
