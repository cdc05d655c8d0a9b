//! When was a checkpoint there at the latest? An RFC 3161 token of a time-stamping authority says so: the request, and
//! what its answer proves.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cms::cert::CertificateChoices;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{Int, ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use sha2::{Digest, Sha256, Sha384, Sha512};
use webpki::{EndEntityCert, KeyUsage};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

/// The extended key usage `timeStamping`, as the bytes of its OID.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// The signatures that are understood, by the digest they are over.
const BY_SHA_256: &[&dyn SignatureVerificationAlgorithm] = &[
    webpki::ring::RSA_PKCS1_2048_8192_SHA256,
    webpki::ring::ECDSA_P256_SHA256,
    webpki::ring::ECDSA_P384_SHA256,
];
const BY_SHA_384: &[&dyn SignatureVerificationAlgorithm] = &[
    webpki::ring::RSA_PKCS1_2048_8192_SHA384,
    webpki::ring::ECDSA_P256_SHA384,
    webpki::ring::ECDSA_P384_SHA384,
];
const BY_SHA_512: &[&dyn SignatureVerificationAlgorithm] =
    &[webpki::ring::RSA_PKCS1_2048_8192_SHA512];

/// What a token says, once it was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The time of the authority, microseconds since 1970 UTC.
    pub(crate) at_us: i64,
    /// Its policy.
    pub(crate) policy: String,
    /// The number it gave the token, in hex digits.
    pub(crate) serial: String,
    /// Whether the certificate of the signer leads to one of the given authorities.
    pub(crate) trusted: bool,
}

/// The request for a token over `data`: its SHA-256, a nonce, and that the certificate be sent along.
pub(crate) fn request(data: &[u8], nonce: [u8; 8]) -> Result<Vec<u8>> {
    // A leading 1 keeps the number positive and of one form.
    let mut number = vec![1];
    number.extend_from_slice(&nonce);
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: cms::cert::x509::spki::AlgorithmIdentifier {
                oid: SHA_256,
                parameters: Some(Any::null()),
            },
            hashed_message: OctetString::new(Sha256::digest(data).to_vec())?,
        },
        req_policy: None,
        nonce: Some(Int::new(&number)?),
        cert_req: true,
        extensions: None,
    };
    Ok(request.to_der()?)
}

/// Whether `response` answers `request`: it grants a token, over the same imprint and with the same nonce.
pub(crate) fn answers(response: &[u8], request: &[u8]) -> Result<()> {
    let request = TimeStampReq::from_der(request).context("no time-stamp request")?;
    let (_, info) = open(response)?;
    ensure!(info.nonce == request.nonce, "the token answers another request");
    Ok(())
}

/// Checks that `response` holds a token over `data` whose signature holds; with roots (PEM), that its certificate leads
/// to one of them and was valid and meant for time stamps at that time. What is not checked: revocation.
pub(crate) fn check(response: &[u8], data: &[u8], roots: Option<&[u8]>) -> Result<Stamp> {
    let (signed, info) = open(response)?;
    let imprint = &info.message_imprint;
    let hashed = imprint.hashed_message.as_bytes();
    ensure!(
        digest(imprint.hash_algorithm.oid, data)? == hashed,
        "the token is over something else"
    );
    let [signer] = signed.signer_infos.0.as_slice() else { bail!("not exactly one signature") };
    let certificates = certificates(&signed)?;
    let own = certificate_of(signer, &signed)?;
    let own = CertificateDer::from(own);
    let own = EndEntityCert::try_from(&own)
        .map_err(|error| anyhow::anyhow!("the certificate cannot be read: {error}"))?;
    check_signature(&signed, signer, &own)?;
    let at = info.gen_time.to_unix_duration();
    if let Some(roots) = roots {
        check_chain(&own, &certificates, roots, at)?;
    }
    Ok(Stamp {
        at_us: i64::try_from(at.as_micros()).context("a time out of range")?,
        policy: info.policy.to_string(),
        serial: info.serial_number.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
        trusted: roots.is_some(),
    })
}

/// Opens a response: the signed data, and what it says.
fn open(response: &[u8]) -> Result<(SignedData, TstInfo)> {
    let response = TimeStampResp::from_der(response).context("no time-stamp response")?;
    let Some(token) = response.time_stamp_token else {
        bail!("the authority gave no token: status {:?}", response.status.status);
    };
    ensure!(token.content_type == SIGNED_DATA, "the token is no signed data");
    let signed: SignedData = token.content.decode_as().context("the token is no signed data")?;
    let content = &signed.encap_content_info;
    ensure!(content.econtent_type == TST_INFO, "the token holds no time stamp");
    let info =
        TstInfo::from_der(content_bytes(&signed)?).context("the token holds no time stamp")?;
    Ok((signed, info))
}

/// The bytes that are signed over.
fn content_bytes(signed: &SignedData) -> Result<&[u8]> {
    let content = signed.encap_content_info.econtent.as_ref().context("the token is empty")?;
    Ok(content.value())
}

fn digest(algorithm: ObjectIdentifier, data: &[u8]) -> Result<Vec<u8>> {
    Ok(match algorithm {
        SHA_256 => Sha256::digest(data).to_vec(),
        SHA_384 => Sha384::digest(data).to_vec(),
        SHA_512 => Sha512::digest(data).to_vec(),
        other => bail!("digest {other} is not supported"),
    })
}

/// All certificates in the token, as they stand there.
fn certificates(signed: &SignedData) -> Result<Vec<CertificateDer<'static>>> {
    let mut found = Vec::new();
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = choice {
            found.push(CertificateDer::from(certificate.to_der()?));
        }
    }
    Ok(found)
}

/// The certificate that a signature names.
fn certificate_of(signer: &SignerInfo, signed: &SignedData) -> Result<Vec<u8>> {
    let SignerIdentifier::IssuerAndSerialNumber(wanted) = &signer.sid else {
        bail!("the signer is not named by issuer and serial number");
    };
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = choice
            && certificate.tbs_certificate.issuer == wanted.issuer
            && certificate.tbs_certificate.serial_number == wanted.serial_number
        {
            return Ok(certificate.to_der()?);
        }
    }
    bail!("the certificate of the signer is not in the token")
}

fn check_signature(
    signed: &SignedData,
    signer: &SignerInfo,
    certificate: &EndEntityCert<'_>,
) -> Result<()> {
    let attributes = signer.signed_attrs.as_ref().context("nothing is signed")?;
    let value = |oid: ObjectIdentifier| -> Result<&Any> {
        let mut values = attributes
            .iter()
            .filter(|attribute| attribute.oid == oid)
            .flat_map(|it| it.values.iter());
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            _ => bail!("a signed attribute is not there, or twice"),
        }
    };
    let kind: ObjectIdentifier = value(CONTENT_TYPE)?.decode_as()?;
    ensure!(kind == TST_INFO, "the signature is over something else");
    let algorithm = signer.digest_alg.oid;
    let content: OctetString = value(MESSAGE_DIGEST)?.decode_as()?;
    ensure!(
        digest(algorithm, content_bytes(signed)?)? == content.as_bytes(),
        "the content is not the one signed"
    );
    // What is signed is the set itself, not its implicit tag.
    let message = SetOfVec::to_der(attributes)?;
    let known = match algorithm {
        SHA_256 => BY_SHA_256,
        SHA_384 => BY_SHA_384,
        _ => BY_SHA_512,
    };
    let signature = signer.signature.as_bytes();
    let mut failure = None;
    for algorithm in known {
        match certificate.verify_signature(*algorithm, &message, signature) {
            Ok(()) => return Ok(()),
            Err(webpki::Error::InvalidSignatureForPublicKey) => {
                bail!("the signature does not hold")
            }
            Err(error) => failure = Some(error),
        }
    }
    bail!(
        "the signature cannot be checked: {}",
        failure.map_or_else(String::new, |it| it.to_string())
    )
}

fn check_chain(
    certificate: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
    roots: &[u8],
    at: Duration,
) -> Result<()> {
    let roots: Vec<_> = CertificateDer::pem_slice_iter(roots)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| anyhow::anyhow!("the authorities' certificates: {error}"))?;
    ensure!(!roots.is_empty(), "no certificate among the authorities given");
    let anchors = roots
        .iter()
        .map(webpki::anchor_from_trusted_cert)
        .collect::<Result<Vec<TrustAnchor<'_>>, _>>()
        .map_err(|error| anyhow::anyhow!("the authorities' certificates: {error}"))?;
    certificate
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            intermediates,
            UnixTime::since_unix_epoch(at),
            KeyUsage::required(TIME_STAMPING),
            None,
            None,
        )
        .map_err(|error| {
            anyhow::anyhow!("the certificate does not lead to the authority given: {error}")
        })?;
    Ok(())
}
