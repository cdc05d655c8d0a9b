//! What kind of program sent a request, by its user agent? The rules: `detect/src/agents.rs`.

use super::agents::{Distinct, Memory};
use super::scalar::{Scalar, text, view};
use super::{FunctionDoc, FunctionKind, Made, text as texts};
use arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use detect::agents::{Class, classify};
use std::convert::Infallible;

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ua_class",
    signature: "ua_class(user_agent TEXT)",
    kind: FunctionKind::Scalar,
    returns: "TEXT",
    summary: "What kind of program sent the request. The first that fits of: empty (NULL, '' or '-'), malformed (can't be what it claims: \
        versions that don't go together, typing errors, cut or encoded text), c2 (default of a command-and-control framework), \
        hacktool, script (curl, wget, Python, PowerShell, BITS...), library (okhttp, Java, CryptoAPI...), os_update, office, \
        security_agent, sync_app (OneDrive, Teams, Slack...), bot, mobile_app, browser_mobile, browser, media (television, console, podcast), other. \
        It is what the agent says, not a proof; why it got its class: `ua_reason`. Never NULL.",
    example: "SELECT ua, ua_class(ua) AS class FROM (VALUES ('curl/8.5.0'), ('sqlmap/1.8'), ('Mozilla/5.0'), \
        ('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0'), (NULL)) AS t(ua)",
    source: "query/src/functions/ua_class.rs",
    make,
};

static KNOWN: Memory<Class> = Memory::new();

fn recall(ua: &str) -> Class {
    let Ok(class) = KNOWN.recall(ua, |ua| Ok::<_, Infallible>(classify(ua).class));
    class
}

/// The class of each row.
fn classes(agents: &dyn Array) -> Result<Vec<Option<u8>>> {
    let agents = Distinct::of(agents)?;
    let classes: Vec<u8> =
        agents.values.iter().map(|ua| ua.map_or(Class::Empty, recall) as u8).collect();
    Ok(agents.rows.into_iter().map(|at| Some(classes[at as usize])).collect())
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], view, |call| -> Result<ArrayRef> {
        texts::words(classes(call.column(0)?.as_ref())?.into_iter(), &Class::NAMES)
    })
    .never_null()
    .udf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, StringArray, StringViewArray};
    use arrow::datatypes::Int32Type;

    #[test]
    fn all_forms_of_text_give_the_same() {
        let agents =
            [Some("curl/8.5.0"), None, Some("-"), Some("okhttp/4.12.0"), Some("curl/8.5.0")];
        let plain = StringArray::from_iter(agents);
        let views = StringViewArray::from_iter(agents);
        let dictionary: DictionaryArray<Int32Type> = agents.into_iter().collect();
        let got = classes(&plain).unwrap();
        assert_eq!(got, classes(&views).unwrap());
        assert_eq!(got, classes(&dictionary).unwrap());
        let names: Vec<_> =
            got.into_iter().map(|c| Class::NAMES[usize::from(c.unwrap())]).collect();
        assert_eq!(names, ["script", "empty", "empty", "library", "script"]);
    }
}
