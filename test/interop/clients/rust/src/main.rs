//! One connection with rustls: sends a file, reads the answer, prints a line of JSON.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

type Options = HashMap<String, String>;

/// IANA's name of a suite or group as rustls' `Debug` output spells it.
fn spelled(iana: &str) -> String {
    match iana {
        "P-256" => "secp256r1".into(),
        "P-384" => "secp384r1".into(),
        other => other.replace("TLS_AES", "TLS13_AES").replace("TLS_CHACHA20", "TLS13_CHACHA20"),
    }
}

fn configuration(options: &Options) -> Result<ClientConfig, Box<dyn Error>> {
    let mut provider = aws_lc_rs::default_provider();
    let suite = spelled(&options["suite"]);
    provider.cipher_suites.retain(|s| format!("{:?}", s.suite()) == suite);
    if let Some(group) = options.get("group") {
        let group = spelled(group);
        provider.kx_groups.retain(|g| format!("{:?}", g.name()) == group);
    }
    let version = if options["version"] == "1.2" { &rustls::version::TLS12 } else { &rustls::version::TLS13 };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&options["ca"])?)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    if let Some(alpn) = options.get("alpn") {
        config.alpn_protocols = vec![alpn.clone().into_bytes()];
    }
    Ok(config)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options::new();
    while let (Some(key), Some(value)) = (arguments.next(), arguments.next()) {
        options.insert(key.trim_start_matches("--").into(), value);
    }
    let name = ServerName::try_from(options["name"].clone())?;
    let mut connection = ClientConnection::new(Arc::new(configuration(&options)?), name)?;
    let mut socket = TcpStream::connect(("127.0.0.1", options["port"].parse()?))?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(Duration::from_secs(15)))?;
    let payload = std::fs::read(&options["payload"])?;

    // One slice out, its echo in, so that one thread will do.
    let mut tls = rustls::Stream::new(&mut connection, &mut socket);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 65536];
    for slice in payload.chunks(65536) {
        tls.write_all(slice)?;
        tls.read_exact(&mut buffer[..slice.len()])?;
        hash.update(&buffer[..slice.len()]);
    }
    match tls.read(&mut buffer) {
        Ok(0) => {}
        Ok(more) => return Err(format!("{more} bytes too many").into()),
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Err("no close_notify".into()),
        Err(e) => return Err(e.into()),
    }
    let protocol = match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "another",
    };
    let suite = connection.negotiated_cipher_suite().map(|s| format!("{:?}", s.suite())).unwrap_or_default();
    let received: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    let suite = suite.replace("TLS13_", "TLS_");
    println!("{{\"protocol\":\"{protocol}\",\"suite\":\"{suite}\",\"received\":\"{received}\"}}");
    Ok(())
}
