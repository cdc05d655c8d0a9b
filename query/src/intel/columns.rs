//! What do the columns of `indicators` and `passive_dns` mean?

/// Name and meaning.
type Column = (&'static str, &'static str);

const SHARED: &[Column] = &[
    ("list", "the list that holds it"),
    ("source", "the file of the list"),
    ("format", "how that file was read"),
    ("line", "the line in that file"),
    ("added_at", "since when the store holds it"),
];

const INDICATORS: &[Column] = &[
    ("attribute", "UUID of the attribute, in MISP's formats"),
    ("id", "id of the object or entry, as its source names it"),
    (
        "type",
        "domain, hostname, ip, cidr, url, uri, ip_port, hostname_port, domain_ip, user_agent, http_method, http_request",
    ),
    ("value", "the indicator in normal form"),
    ("raw", "the text of the source"),
    ("host", "the host in it"),
    ("ip", "the address or network in it"),
    ("port", "the port in it"),
    ("uri", "path and query in it"),
    ("method", "the method in it"),
    ("user_agent", "the user agent in it"),
    ("any_scheme", "whether its source named no scheme"),
    ("misp_type", "MISP's name of its type"),
    ("event", "UUID of the event"),
    ("event_id", "number of the event"),
    ("name", "the event's info, or the indicator's name"),
    ("orgc", "who made it"),
    ("object", "the kind of MISP object it is part of"),
    ("object_uuid", "UUID of that object"),
    ("threat_level", "MISP's threat level: 1 high to 4 undefined"),
    ("to_ids", "whether its source means it for detection"),
    ("tags", "all tags"),
    ("tlp", "the colour of the traffic light protocol"),
    ("status", "what its source says of its state"),
    ("threat", "the kind of threat, as its source says"),
    ("malware", "the malware, as its source says"),
    ("confidence", "0 to 100, as its source says"),
    ("first_seen", "first sighting"),
    ("last_seen", "last sighting; outside of both a hit has 60 % of its confidence"),
    ("valid_from", "before it there is no hit"),
    ("valid_until", "from it on there is no hit"),
    ("warninglists", "the warninglists that hold it"),
    ("hunted", "whether it is matched with"),
];

const PASSIVE_DNS: &[Column] = &[
    ("rrname", "the name that was asked"),
    ("rrtype", "type of the record"),
    ("rdata", "the answer"),
    ("time_first", "first sighting"),
    ("time_last", "last sighting"),
    ("valid_until", "last sighting and time to live, where that is known"),
    ("count", "how often it was seen"),
    ("from_zone", "whether the times are those of a zone file"),
    ("sensor", "who saw it"),
];

/// The meaning of a column of one of the two tables.
pub(crate) fn meaning(table: &str, column: &str) -> Option<&'static str> {
    let own = match table {
        super::INDICATORS => INDICATORS,
        super::PASSIVE_DNS => PASSIVE_DNS,
        _ => return None,
    };
    let found = own.iter().chain(SHARED).find(|(name, _)| *name == column);
    found.map(|(_, doc)| *doc)
}
