//! Many who ask the same at the same time ask once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};

type Flight<T> = Shared<BoxFuture<'static, T>>;

/// Questions under way by their key. Clones share them.
pub(crate) struct SingleFlight<T: Clone> {
    under_way: Arc<Mutex<HashMap<String, Flight<T>>>>,
}

impl<T: Clone> Clone for SingleFlight<T> {
    fn clone(&self) -> Self {
        Self { under_way: Arc::clone(&self.under_way) }
    }
}

impl<T: Clone> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { under_way: Arc::default() }
    }
}

impl<T: Clone> std::fmt::Debug for SingleFlight<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

impl<T: Clone + Send + 'static> SingleFlight<T> {
    /// The answer to the question under this key: of the one under way, or of a new one. Who goes away meanwhile takes
    /// nothing from the others.
    pub(crate) async fn ask(&self, key: &str, question: impl FnOnce() -> BoxFuture<'static, T>) -> T {
        let flight = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            under_way.entry(key.to_owned()).or_insert_with(|| question().shared()).clone()
        };
        let answer = flight.clone().await;
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever asks from now on asks anew; somebody may have begun to already.
        if under_way.get(key).is_some_and(|known| known.ptr_eq(&flight)) {
            under_way.remove(key);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn fifty_who_ask_at_once_ask_once_and_the_next_one_asks_anew() {
        let (flights, asked) = (SingleFlight::default(), Arc::new(AtomicU32::new(0)));
        let question = |asked: &Arc<AtomicU32>| {
            let asked = Arc::clone(asked);
            move || {
                async move {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    asked.fetch_add(1, Ordering::SeqCst)
                }
                .boxed()
            }
        };
        let all = (0..50).map(|_| flights.ask("uppal", question(&asked)));
        assert!(futures::future::join_all(all).await.into_iter().all(|answer| answer == 0));
        assert_eq!(flights.ask("uppal", question(&asked)).await, 1);
        let (one, other) = tokio::join!(flights.ask("a", question(&asked)), flights.ask("b", question(&asked)));
        assert_ne!(one, other, "other keys do not wait for each other");
        assert!(flights.under_way.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_question_to_the_others() {
        let flights = SingleFlight::default();
        let slow = || {
            async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                7
            }
            .boxed()
        };
        let gone = tokio::time::timeout(Duration::from_millis(10), flights.ask("k", slow));
        let (gone, stays) = tokio::join!(gone, flights.ask("k", slow));
        assert!(gone.is_err());
        assert_eq!(stays, 7);
    }
}
