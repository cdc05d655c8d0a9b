//! What happens on Ctrl-C? The first one asks the command to stop where the store is consistent, the second ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::exit::Exit;
use crate::say;

/// Whether the person at the keyboard wants to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    asked: AtomicBool,
    notify: Notify,
}

impl Cancel {
    /// Listens for Ctrl-C (and for SIGTERM) from now on.
    pub(crate) fn listen() -> Self {
        let cancel = Self::default();
        let heard = cancel.clone();
        // Without the thread the signal ends the process at once, which the store survives as well.
        let _ = std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || heard.wait_for_signals());
        cancel
    }

    /// Whether to stop.
    pub(crate) fn is_asked(&self) -> bool {
        self.inner.asked.load(Ordering::Relaxed)
    }

    /// Ends when it is asked to stop.
    pub(crate) async fn asked(&self) {
        while !self.is_asked() {
            self.inner.notify.notified().await;
        }
    }

    fn wait_for_signals(&self) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(self.hear());
    }

    async fn hear(&self) {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        loop {
            let heard = tokio::select! {
                heard = interrupt.recv() => heard,
                heard = terminate.recv() => heard,
            };
            if heard.is_none() {
                return;
            }
            if self.inner.asked.swap(true, Ordering::Relaxed) {
                end_now();
            }
            self.inner.notify.notify_one();
        }
    }
}

#[expect(clippy::exit, reason = "the second Ctrl-C does not wait for anything")]
fn end_now() -> ! {
    say::say("stopped at once; the next writer clears up");
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
