//! Who changes what back.
