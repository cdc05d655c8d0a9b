//! How ProxySG's format of intercepted connections for Blue Coat Reporter is read where no header line comes with it.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// `bcreporterssl_v1`.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "bcreporterssl_v1",
    title: "ProxySG `bcreporterssl_v1` without header lines",
    doc: "Intercepted and tunnelled TLS connections, as they come over syslog: without `#Fields`, and without path, query and referer. The \
list of columns is chosen by how many there are: 34, or 40 (SGOS 7). Times are UTC.",
    dialect,
};

fn dialect() -> Dialect {
    super::proxysg::words(Dialect::elff())
        .marks(&["no #Fields"])
        .columns(V40)
        .columns(V34)
        .date_time("date", "time", &["utc:%Y-%m-%d %H:%M:%S"])
}

const V40: &str = "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country \
    s-supplier-failures x-exception-id sc-filter-result cs-categories sc-status s-action cs-method rs(Content-Type) \
    cs-uri-scheme cs-host cs-uri-port cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id cs-threat-source \
    cs-threat-id rs-threat-source rs-threat-id x-rs-certificate-observed-errors x-cs-ocsp-error x-rs-ocsp-error \
    x-rs-connection-negotiated-cipher-strength x-rs-certificate-hostname x-rs-certificate-hostname-category cs-threat-risk \
    x-rs-certificate-hostname-threat-risk x-bluecoat-access-security-policy-action x-bluecoat-access-security-policy-reason";

const V34: &str = "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country \
    s-supplier-failures x-exception-id sc-filter-result cs-categories sc-status s-action cs-method rs(Content-Type) \
    cs-uri-scheme cs-host cs-uri-port cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id \
    x-rs-certificate-observed-errors x-cs-ocsp-error x-rs-ocsp-error x-rs-connection-negotiated-cipher-strength \
    x-rs-certificate-hostname x-rs-certificate-hostname-category cs-threat-risk x-rs-certificate-hostname-threat-risk";
