//! Which program, version, system and device does a user agent name, and what is odd about it?

use super::agents::{Distinct, Shared};
use super::scalar::{Scalar, text};
use super::{FunctionDoc, FunctionKind, Made};
use arrow::array::{Array, ArrayRef, ListBuilder, StringViewArray, StringViewBuilder, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_datafusion_err};
use detect::agents::info::{Info, info};
use std::sync::{Arc, LazyLock};

pub(super) static DOC: FunctionDoc = FunctionDoc {
    name: "ua_info",
    signature: "ua_info(user_agent TEXT)",
    kind: FunctionKind::Scalar,
    returns: "STRUCT(class TEXT, family TEXT, major TEXT, os TEXT, os_version TEXT, device TEXT, flags LIST(TEXT))",
    summary: "What the agent says of itself: its class (`ua_class`), program, major version, system and its version, and device, by the rules of \
        uap-core; and flags for what is odd: impossible (versions that don't go together), outdated, truncated, typo, base64, random, \
        known_c2 (a framework or malware is known to send exactly this), c2_lookalike (one does, and so do ordinary programs). \
        Program, system and device are Other where no rule knows them, and NULL without an agent; a field that is not said is NULL. Never NULL itself. \
        One field: `ua_info(user_agent)['os']`; a flag: `array_has(ua_info(user_agent)['flags'], 'impossible')`.",
    example: "SELECT i['family'] AS family, i['major'] AS major, i['os'] AS os, i['os_version'] AS os_version, i['device'] AS device, i['flags'] AS flags \
        FROM (SELECT ua_info(ua) AS i FROM (VALUES ('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'), \
        ('Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko'), ('curl/8.5.0'), (NULL)) AS t(ua)) AS s",
    source: "query/src/functions/ua_info.rs",
    make,
};

static KNOWN: Shared<Info> = Shared::new();

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let names = ["class", "family", "major", "os", "os_version", "device"];
    let mut fields: Vec<_> =
        names.into_iter().map(|name| Field::new(name, DataType::Utf8View, true)).collect();
    let item = Field::new_list_field(DataType::Utf8View, true);
    fields.push(Field::new("flags", DataType::List(Arc::new(item)), true));
    fields.into()
});

fn returns(_: &[DataType]) -> DataType {
    DataType::Struct(FIELDS.clone())
}

fn infos(agents: &dyn Array) -> Result<ArrayRef> {
    let agents = Distinct::of(agents)?;
    let read = |ua: &Option<&str>| {
        KNOWN
            .recall(ua.unwrap_or_default(), |ua| info(ua).map(Arc::new))
            .map_err(|error| exec_datafusion_err!("{error}"))
    };
    let infos: Vec<Arc<Info>> = agents.values.iter().map(read).collect::<Result<_>>()?;
    let column = |of: fn(&Info) -> Option<&str>| -> ArrayRef {
        Arc::new(infos.iter().map(|info| of(info)).collect::<StringViewArray>())
    };
    let mut flags = ListBuilder::new(StringViewBuilder::new());
    for info in &infos {
        info.flags.iter().for_each(|flag| flags.values().append_value(flag.name()));
        flags.append(true);
    }
    let columns = vec![
        column(|info| Some(info.class.name())),
        column(|info| info.family.as_deref()),
        column(|info| info.major.as_deref()),
        column(|info| info.os.as_deref()),
        column(|info| info.os_version.as_deref()),
        column(|info| info.device.as_deref()),
        Arc::new(flags.finish()),
    ];
    let worked = StructArray::try_new(FIELDS.clone(), columns, None)?;
    agents.spread(&worked)
}

fn make() -> Made {
    Scalar::made(&DOC, 1, &[text], returns, |call| infos(call.column(0)?.as_ref()))
        .never_null()
        .udf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray as _, StringArray};

    #[test]
    fn rows_keep_their_order() {
        let agents = StringArray::from(vec![Some("curl/8.5.0"), None, Some("curl/8.5.0")]);
        let got = infos(&agents).unwrap();
        let got = got.as_struct();
        let class = got.column(0).as_string_view();
        assert_eq!(class.iter().flatten().collect::<Vec<_>>(), ["script", "empty", "script"]);
        assert!(got.column(1).is_null(1));
        assert_eq!(got.null_count(), 0);
    }
}
