//! How rollouts go.
