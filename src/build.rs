//! Links the program at a fixed place in memory, on Linux with glibc.
//!
//! A program that may stand anywhere has 285,000 addresses put right before its first line runs:
//! vtables, mostly of polars. That took 4 of the 6 ms of `azmfa --version`, and made a thousand pages
//! private. Stacks, heap and libraries still stand at random places.

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    // A program that is linked statically decides for itself.
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if target("OS") == "linux" && target("ENV") == "gnu" && !is_static {
        println!("cargo::rustc-link-arg-bin=azmfa=-no-pie");
    }
}
