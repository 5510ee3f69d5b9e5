//! Answers have a largest size: one that is larger is a fault of the call and not our memory.
//!
//! **Invariant:** of one answer no more is kept than [`LARGEST`] bytes, and what holds more than [`MOST_VALUES`] values is
//! not made into types: a short value in a list costs many times its text there. Both are checked while the answer comes
//! in, before anything reads it. AWS's largest answers, ten services with a hundred events each, have some 4,000 values.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The largest answer, in bytes.
const LARGEST: usize = 32 << 20;
/// The most values of an answer: members of objects and items of lists.
const MOST_VALUES: usize = 100_000;

/// An answer that is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMuch {
    /// It is larger than [`LARGEST`].
    #[error("the answer is larger than 32 MiB, which no answer of AWS is")]
    Bytes,
    /// It has more values than [`MOST_VALUES`].
    #[error("the answer has more than 100,000 values, which no answer of AWS has")]
    Values,
}

/// The same client, whose answers have a largest size.
pub(crate) fn bounded(client: SharedHttpClient) -> SharedHttpClient {
    http_client_fn(move |settings: &HttpConnectorSettings, components| {
        SharedHttpConnector::new(Bounding(client.http_connector(settings, components)))
    })
}

#[derive(Debug)]
struct Bounding(SharedHttpConnector);

impl HttpConnector for Bounding {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            Ok(answer.await?.map(|body| SdkBody::from_body_1_x(Counted::new(body))))
        })
    }
}

/// A body that is counted as it comes.
struct Counted {
    body: Pin<Box<SdkBody>>,
    count: Count,
}

impl Counted {
    fn new(body: SdkBody) -> Self {
        Self { body: Box::pin(body), count: Count::default() }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = aws_smithy_types::body::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(self.body.as_mut().poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            self.count.add(bytes)?;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How much of a JSON text has come.
#[derive(Debug, Default)]
struct Count {
    bytes: usize,
    /// The commas outside of strings: one less than the values, for each list and object.
    commas: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Count {
    fn add(&mut self, bytes: &[u8]) -> Result<(), TooMuch> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > LARGEST {
            return Err(TooMuch::Bytes);
        }
        for byte in bytes {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' => self.in_string = !self.in_string,
                b',' if !self.in_string => self.commas += 1,
                _ => {}
            }
        }
        if self.commas >= MOST_VALUES { Err(TooMuch::Values) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_strings_are_no_values_wherever_the_text_is_cut() {
        let text = br#"{"a,b": ["\",", "\\", 1, 2]}"#;
        for cut in 0..text.len() {
            let mut count = Count::default();
            let (before, after) = text.split_at(cut);
            assert_eq!((count.add(before), count.add(after)), (Ok(()), Ok(())));
            assert_eq!((count.commas, count.in_string), (3, false), "{cut}");
        }
    }

    #[test]
    fn the_limits_are_32_mib_and_100_000_values() {
        let mut count = Count::default();
        assert_eq!(count.add(&vec![b' '; LARGEST]), Ok(()));
        assert_eq!(count.add(b" "), Err(TooMuch::Bytes));
        let mut count = Count::default();
        assert_eq!(count.add(&vec![b','; MOST_VALUES - 1]), Ok(()));
        assert_eq!(count.add(b","), Err(TooMuch::Values));
    }
}
