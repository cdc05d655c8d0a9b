//! How ProxySG's format for Blue Coat Reporter is read where no header line comes with it.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// `bcreportermain_v1`.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "bcreportermain_v1",
    title: "ProxySG `bcreportermain_v1` without header lines",
    doc: "The format for Blue Coat Reporter as it comes over syslog: without `#Fields`. Its columns changed over the years, so the list is \
chosen by how many there are: 25 (2011), 30 (2020), 32 (2015), 36, or 42 (SGOS 7). Times are UTC.",
    dialect,
};

fn dialect() -> Dialect {
    super::proxysg::words(Dialect::elff())
        .marks(&["no #Fields"])
        .columns(V42)
        .columns(V36)
        .columns(V32)
        .columns(V30)
        .columns(V25)
        .date_time("date", "time", &["utc:%Y-%m-%d %H:%M:%S"])
}

const V42: &str = "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country \
    s-supplier-failures x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) \
    cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id \
    cs-threat-source cs-threat-id rs-threat-source rs-threat-id x-bluecoat-application-name x-bluecoat-application-operation \
    x-bluecoat-application-groups cs-threat-risk x-bluecoat-access-security-policy-action \
    x-bluecoat-access-security-policy-reason x-bluecoat-transaction-uuid x-icap-reqmod-header(X-ICAP-Metadata) \
    x-icap-respmod-header(X-ICAP-Metadata)";

const V36: &str = "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country \
    s-supplier-failures x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) \
    cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id \
    x-bluecoat-application-name x-bluecoat-application-operation x-bluecoat-application-groups cs-threat-risk \
    x-bluecoat-transaction-uuid x-icap-reqmod-header(X-ICAP-Metadata) x-icap-respmod-header(X-ICAP-Metadata)";

const V32: &str = "date time time-taken c-ip cs-username cs-auth-group s-supplier-name s-supplier-ip s-supplier-country \
    s-supplier-failures x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) \
    cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id \
    x-bluecoat-application-name x-bluecoat-application-operation cs-threat-risk";

const V30: &str = "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer) \
    sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension \
    cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id x-bluecoat-application-name x-bluecoat-application-operation s-port \
    s-supplier-country cs-threat-risk";

const V25: &str = "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer) \
    sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension \
    cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id";
