//! Calls with bytes of one's own in place of a message, for requests that no client of ours would send.

use bytes::{Buf as _, BufMut as _, Bytes};
use http::uri::PathAndQuery;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// Calls a method and returns the first message of the answer, if there is one.
pub async fn call(channel: Channel, token: &str, path: &str, message: Vec<u8>) -> Result<Option<Bytes>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(futures::stream::iter([Bytes::from(message)]));
    if !token.is_empty() {
        let bearer = format!("Bearer {token}").parse().map_err(|_odd| Status::internal("no header"))?;
        request.metadata_mut().insert("authorization", bearer);
    }
    let path: PathAndQuery = path.parse().map_err(|_odd| Status::internal("no path"))?;
    let mut answer = grpc.streaming(request, path, AsTheyAre).await?.into_inner();
    answer.message().await
}

/// Neither encodes nor decodes.
#[derive(Debug, Clone, Copy, Default)]
struct AsTheyAre;

impl Codec for AsTheyAre {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsTheyAre {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for AsTheyAre {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
