//! Work that takes long, away from the async threads: large messages, long trails, the whole directory.

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::domain::{Code, Refusal};

/// Runs `work` on a thread that may block.
pub(super) async fn aside<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Refusal> + Send + 'static,
{
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Refusal::new(Code::Internal, "a thread panicked").into()))
}

/// Runs `work` on a thread that may block, if it is `long`; here, if not.
pub(super) async fn aside_if<T: Send + 'static>(
    long: bool,
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    if !long {
        return work.await;
    }
    let runtime = Handle::current();
    aside(move || runtime.block_on(work)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_aside_is_a_refusal_here() {
        let refusal = aside(|| -> Result<(), Refusal> { panic!("a fault of ours") }).await.unwrap_err();
        assert_eq!(refusal.code, Code::Internal);
        let refusal = aside_if(true, async { Err::<(), _>(Refusal::new(Code::NotFound, "x")) }).await.unwrap_err();
        assert_eq!(refusal.code, Code::NotFound);
    }
}
