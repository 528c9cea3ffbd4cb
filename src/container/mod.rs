//! From containers that are not JSON to chunks of JSON records.
