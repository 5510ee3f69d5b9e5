//! The inputs that the fuzz targets begin with, without libFuzzer: what broke once does not break again.

use std::fs;
use std::path::Path;

/// Runs `check` on every file of a corpus; how many there are.
fn each(corpus: &str, check: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(corpus);
    let entries = fs::read_dir(&folder).expect("the corpus is a folder");
    let files = entries.map(|entry| entry.expect("the corpus can be listed").path());
    files.map(|file| check(&fs::read(&file).expect("an input can be read"))).count()
}

#[test]
fn every_tag_input_of_the_corpus_holds() {
    assert_ne!(each("tags", eastwest_fuzz_texts::tags), 0);
}

#[test]
fn every_document_input_of_the_corpus_holds() {
    assert_ne!(each("document", eastwest_fuzz_texts::document), 0);
}
