//! Places for work on pixels: uploads first, then images that a request waits for, then AVIF, which takes seconds.
//!
//! Each kind of work has places of its own, so none waits for another's to end. Less urgent work begins only while a place of
//! every more urgent kind is free, so the processor goes to uploads while as many are processed as may be.

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The places of one process.
#[derive(Debug)]
pub struct ImagingPools {
    /// Uploads that are processed.
    pub uploads: Arc<Semaphore>,
    /// Images that are made while a request waits for them.
    pub images: Arc<Semaphore>,
    /// AVIFs that are made after their requests were answered.
    pub avif: Arc<Semaphore>,
}

/// A kind of work, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImagingWork {
    /// An upload.
    Upload,
    /// An image that a request waits for.
    Image,
    /// An AVIF.
    Avif,
}

impl ImagingPools {
    /// Places for so many uploads, and for half as many images and AVIFs each, at least for one.
    #[must_use]
    pub fn of(uploads: usize) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count));
        let others = uploads.div_ceil(2);
        Self { uploads: places(uploads), images: places(others), avif: places(others) }
    }

    /// A place to work in, in the order of asking within each kind. Whoever stops waiting takes nothing.
    ///
    /// # Errors
    /// When the pools are closed, which nobody does.
    pub async fn acquire(&self, work: ImagingWork) -> Result<OwnedSemaphorePermit, AcquireError> {
        let (own, more_urgent): (_, &[&Semaphore]) = match work {
            ImagingWork::Upload => (&self.uploads, &[]),
            ImagingWork::Image => (&self.images, &[&self.uploads]),
            ImagingWork::Avif => (&self.avif, &[&self.uploads, &self.images]),
        };
        let place = own.clone().acquire_owned().await?;
        for pool in more_urgent {
            // In its queue behind those who wait there; what comes later cannot hold this up forever.
            drop(pool.acquire().await?);
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn less_urgent_work_waits_while_more_urgent_work_fills_its_places() {
        let pools = ImagingPools::of(1);
        let (upload, image) =
            (pools.acquire(ImagingWork::Upload).await.unwrap(), pools.images.acquire().await.unwrap());
        assert!(pools.acquire(ImagingWork::Upload).now_or_never().is_none());
        assert!(pools.acquire(ImagingWork::Avif).now_or_never().is_none());
        drop(image);
        assert!(pools.acquire(ImagingWork::Image).now_or_never().is_none());
        drop(upload);
        for work in [ImagingWork::Avif, ImagingWork::Image, ImagingWork::Upload] {
            assert!(pools.acquire(work).now_or_never().is_some(), "{work:?}");
        }
    }

    #[tokio::test]
    async fn uploads_never_wait_for_images() {
        let pools = ImagingPools::of(2);
        let _images = pools.images.acquire_many(1).await.unwrap();
        let _avif = pools.avif.acquire_many(1).await.unwrap();
        assert!(pools.images.try_acquire().is_err() && pools.avif.try_acquire().is_err());
        assert!(pools.acquire(ImagingWork::Upload).now_or_never().is_some());
    }
}
