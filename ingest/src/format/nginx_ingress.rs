//! How the log of nginx Ingress controller is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// nginx Ingress controller.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "nginx_ingress",
    "nginx Ingress controller",
    Language::Nginx,
    r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"#,
    "The default of the Ingress controller of Kubernetes. Times print their offset and are the end of the request; durations are milliseconds. Where the request was tried at several servers, the upstream fields are lists.",
);
