//! How the log of Apache combined behind the virtual host is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache combined behind the virtual host.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "apache_vhost",
    "Apache combined behind the virtual host",
    Language::Apache,
    r#"%v %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
    "Combined with the name of the virtual host before it, as proxies and web servers of many sites write it (nginx with $host, too). With Apache the time is the start of the request. The host is the proxy's own name: proxy_name.",
)
.at_start();
