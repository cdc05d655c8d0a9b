//! How the URL filtering logs of Palo Alto firewalls are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Palo Alto PAN-OS URL filtering.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "paloalto_url",
    title: "Palo Alto PAN-OS URL filtering (THREAT, url; CSV)",
    doc: "CSV without a header. Every version adds columns at the end, so lines of all versions are read: those behind the last known column \
are named `column_121` and so on. Times are of the device's own zone, so `--tz` is needed. No status, no bytes and no duration are \
logged; agent, referer and X-Forwarded-For only where HTTP header logging is on. `time_generated` is the event, `receive_time` its arrival.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::delimited(",")
        .columns(COLUMNS)
        .marks(&["type=THREAT", "subtype=url"])
        .time(
            "time_generated",
            &["%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%.3f%:z", "%Y-%m-%dT%H:%M:%S%.3fZ"],
        )
        .nulls(&[""])
        .null("natsrc", "0.0.0.0")
        .fields(&[
            ("src", "client_ip"),
            ("sport", "client_port"),
            ("src_host", "computer"),
            ("srcuser", "user"),
            ("http_method", "method"),
            ("misc", "url:schemeless"),
            ("dport", "port"),
            ("dst", "server_ip"),
            ("device_name", "proxy_name"),
            ("action", "action"),
            ("rule", "rule"),
            ("category", "categories"),
            ("reason", "reason"),
            ("contenttype", "content_type"),
            ("user_agent", "user_agent"),
            ("referer", "referer"),
        ])
        .verdicts(&[
            ("alert", "allowed"),
            ("allow", "allowed"),
            ("continue", "allowed"),
            ("override", "allowed"),
            ("block*", "denied"),
            ("deny", "denied"),
            ("drop*", "denied"),
            ("reset*", "denied"),
            ("override-lockout", "denied"),
        ])
}

const COLUMNS: &str = "future_use receive_time serial type subtype future_use#2 time_generated src dst natsrc natdst rule srcuser \
    dstuser app vsys from to inbound_if outbound_if logset future_use#3 sessionid repeatcnt sport dport natsport natdport flags \
    proto action misc threatid category severity direction seqno actionflags srcloc dstloc future_use#4 contenttype pcap_id \
    filedigest cloud url_idx user_agent filetype xff referer sender subject recipient reportid dg_hier_level_1 dg_hier_level_2 \
    dg_hier_level_3 dg_hier_level_4 vsys_name device_name future_use#5 src_uuid dst_uuid http_method tunnelid monitortag \
    parent_session_id parent_start_time tunnel thr_category contentver future_use#6 assoc_id ppid http_headers \
    url_category_list rule_uuid http2_connection dynusergroup_name xff_ip src_category src_profile src_model src_vendor \
    src_osfamily src_osversion src_host src_mac dst_category dst_profile dst_model dst_vendor dst_osfamily dst_osversion \
    dst_host dst_mac container_id pod_namespace pod_name src_edl dst_edl hostid serialnumber domain_edl src_dag dst_dag \
    partial_hash high_res_timestamp reason justification nssai_sst subcategory_of_app category_of_app technology_of_app \
    risk_of_app characteristic_of_app container_of_app tunneled_app is_saas_of_app sanctioned_state_of_app";
