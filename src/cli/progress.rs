//! The bar on standard error while a run lasts. The only room that knows indicatif.

use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;

use crate::app::progress::Progress;
use crate::app::progress::Reached;
use crate::text::bytes;
use crate::text::thousands;

/// Time between two looks at the counters.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A run shorter than this shows no bar at all.
const QUIET_FIRST: Duration = Duration::from_millis(400);

const WITH_TOTAL: &str = "{bar:30} {percent:>3}%  {msg}  ETA {eta}";
const WITHOUT_TOTAL: &str = "{spinner} {msg}  {elapsed}";

/// A bar under way; dropped or finished, it is wiped off the terminal.
#[derive(Debug)]
pub(crate) struct ProgressShow {
    /// Dropped to stop the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressShow {
    /// Starts to show `progress`, if `is_wanted`.
    pub(crate) fn start(progress: &Arc<Progress>, is_wanted: bool) -> Self {
        if !is_wanted {
            return Self { stop: None, thread: None };
        }
        let progress = Arc::clone(progress);
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            if stopped.recv_timeout(QUIET_FIRST) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let mut had_total = None;
            loop {
                let reached = progress.reached();
                let has_total = reached.bytes_total > 0;
                if had_total != Some(has_total) {
                    bar.set_style(style(has_total));
                    had_total = Some(has_total);
                }
                if has_total {
                    bar.set_length(reached.bytes_total);
                }
                bar.set_position(reached.bytes_read);
                bar.set_message(message(reached));
                bar.tick();
                if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            bar.finish_and_clear();
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for ProgressShow {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A bar that failed to draw must not fail the run.
            let _ = thread.join();
        }
    }
}

fn style(has_total: bool) -> ProgressStyle {
    let template = if has_total { WITH_TOTAL } else { WITHOUT_TOTAL };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn message(reached: Reached) -> String {
    let rows = thousands(reached.rows);
    if reached.bytes_total == 0 {
        return format!("{} read, {rows} rows", bytes(reached.bytes_read));
    }
    if reached.bytes_read >= reached.bytes_total {
        return format!("{} read, {rows} rows, computing", bytes(reached.bytes_total));
    }
    format!("{} of {}, {rows} rows", bytes(reached.bytes_read), bytes(reached.bytes_total))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use indicatif::ProgressStyle;

    use super::{ProgressShow, WITH_TOTAL, WITHOUT_TOTAL, message};
    use crate::app::progress::Progress;

    #[test]
    fn the_templates_are_valid() {
        for template in [WITH_TOTAL, WITHOUT_TOTAL] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn the_message_tells_bytes_and_rows() {
        let progress = Progress::new();
        progress.bytes_read().fetch_add(1_500_000, Ordering::Relaxed);
        progress.add_rows(1_234);
        assert_eq!(message(progress.reached()), "1.5 MB read, 1,234 rows");
        progress.set_bytes_total(3_000_000);
        assert_eq!(message(progress.reached()), "1.5 MB of 3.0 MB, 1,234 rows");
        progress.bytes_read().fetch_add(1_500_000, Ordering::Relaxed);
        assert_eq!(message(progress.reached()), "3.0 MB read, 1,234 rows, computing");
    }

    #[test]
    fn a_bar_ends_when_it_is_dropped() {
        drop(ProgressShow::start(&Arc::new(Progress::new()), true));
        drop(ProgressShow::start(&Arc::new(Progress::new()), false));
    }
}
