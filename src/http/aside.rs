//! Work that takes long, away from the async threads: long trails, the whole directory, what operators destroy.

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::domain::{Code, Refusal};
use crate::engine::Turn;

/// Runs a reading on a thread that may block, for as long as it is the caller's turn.
pub(super) async fn aside<T, E>(turn: Turn, work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Refusal> + Send + 'static,
{
    let done = on_thread(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await
}

/// Runs the work of an operator on a thread that may block: it reads and writes files in between.
pub(super) async fn operation<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    let runtime = Handle::current();
    on_thread(move || runtime.block_on(work)).await
}

async fn on_thread<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Refusal> + Send + 'static,
{
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Refusal::new(Code::Internal, "a thread panicked").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_aside_is_a_refusal_here() {
        let refusal = on_thread(|| -> Result<(), Refusal> { panic!("a fault of ours") }).await.unwrap_err();
        assert_eq!(refusal.code, Code::Internal);
        let refusal = operation(async { Err::<(), _>(Refusal::new(Code::NotFound, "x")) }).await.unwrap_err();
        assert_eq!(refusal.code, Code::NotFound);
    }
}
