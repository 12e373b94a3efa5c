use super::{PATIENCE, whole};
use http_body_util::{BodyExt, Empty, Full};
use hyper::StatusCode;
use hyper::body::{Body, Bytes, Frame};
use std::convert::Infallible;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// A body of which nothing ever comes.
struct Silent;

impl Body for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

fn full(text: &'static str) -> Full<Bytes> {
    Full::from(text)
}

/// The status of the refusal.
async fn came<B>(body: B) -> Result<Bytes, StatusCode>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let came = whole(body, 4, "").await;
    came.map_err(|refusal| refusal.status())
}

// The runtime's clock goes on by itself when everybody waits.
#[tokio::test(start_paused = true)]
async fn bodies_that_are_too_long_broken_or_late_are_refused_each_by_its_status() {
    let broken = Full::new(Bytes::new())
        .map_err(|never| match never {})
        .with_trailers(async { Some(Err(Error::from(ErrorKind::ConnectionReset))) });
    let began = Instant::now();
    assert_eq!(came(Empty::<Bytes>::new()).await, Ok(Bytes::new()));
    assert_eq!(came(full("four")).await, Ok(Bytes::from("four")));
    assert_eq!(
        came(full("five!")).await,
        Err(StatusCode::PAYLOAD_TOO_LARGE)
    );
    assert_eq!(came(broken).await, Err(StatusCode::BAD_REQUEST));
    assert_eq!(began.elapsed().as_secs(), 0);
    assert_eq!(came(Silent).await, Err(StatusCode::REQUEST_TIMEOUT));
    assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
}
