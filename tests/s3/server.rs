//! An S3 server for the tests, over a folder. It refuses what Amazon's refuses: that is what the tests are about.
//!
//! `photograph-s3-server FOLDER [PORT] [BUCKET…]` listens on the loopback and prints its address. Port 0, which is also
//! meant when none is given, is any free one. Without names of buckets there is one, `photograph`. The key is `photograph`
//! with the secret `photograph-secret`. It ends on SIGTERM and Ctrl-C.

mod rules;
mod store;

use std::error::Error;
use std::path::Path;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::Body;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use rules::{Key, Rules, is_preflight, open_to_all};
use store::Store;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("photograph-s3-server FOLDER [PORT] [BUCKET…]")?;
    let port: u16 = arguments.next().as_deref().unwrap_or("0").parse()?;
    let mut buckets: Vec<String> = arguments.collect();
    if buckets.is_empty() {
        buckets.push("photograph".to_owned());
    }
    let service = service(Path::new(&folder), &buckets)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        never = serve(listener, service) => never,
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

fn service(folder: &Path, buckets: &[String]) -> Result<S3Service, Box<dyn Error>> {
    for bucket in buckets {
        std::fs::create_dir_all(folder.join(bucket))?;
    }
    let mut service = S3ServiceBuilder::new(Store::over(folder)?);
    service.set_auth(Key);
    service.set_access(Rules);
    Ok(service.build())
}

async fn serve(listener: TcpListener, service: S3Service) -> Result<(), Box<dyn Error>> {
    let http = Builder::new(TokioExecutor::new());
    loop {
        let (connection, _) = listener.accept().await?;
        let service = service.clone();
        let answers = service_fn(move |request| answer(service.clone(), request));
        let serving = http.serve_connection(TokioIo::new(connection), answers).into_owned();
        // A client that breaks off is nobody's mistake.
        tokio::spawn(async move { drop(serving.await) });
    }
}

async fn answer(
    service: S3Service,
    request: Request<Incoming>,
) -> Result<Response<Body>, Box<dyn Error + Send + Sync>> {
    let mut response = match is_preflight(request.method(), request.headers()) {
        true => Response::new(Body::empty()),
        false => service.call(request.map(Body::from)).await?,
    };
    open_to_all(response.headers_mut());
    Ok(response)
}
