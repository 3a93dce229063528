//! Stands in for every outside system over HTTP.
