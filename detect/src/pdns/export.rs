//! How are tuples written for others?

use serde::Serialize;

use super::record::Tuple;

/// A tuple in the Common Output Format.
#[derive(Debug, Serialize)]
struct Cof<'a> {
    rrname: &'a str,
    rrtype: &'a str,
    rdata: &'a str,
    time_first: i64,
    time_last: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensor_id: Option<&'a str>,
}

/// A tuple as one line of the Common Output Format, with its newline.
pub fn line(tuple: &Tuple) -> String {
    let cof = Cof {
        rrname: &tuple.rrname,
        rrtype: &tuple.rrtype,
        rdata: &tuple.rdata,
        time_first: tuple.time_first.div_euclid(1_000_000),
        time_last: tuple.time_last.div_euclid(1_000_000),
        count: tuple.count,
        sensor_id: tuple.sensor.as_deref(),
    };
    // A struct of texts and numbers always has a JSON form.
    let mut line = serde_json::to_string(&cof).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::super::record::Kept;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let tuple = Tuple {
            lines: vec![1],
            rrname: "a.example".to_owned(),
            rrtype: "A".to_owned(),
            rdata: "192.0.2.1".to_owned(),
            time_first: 1_772_323_200_000_000,
            time_last: 1_772_323_260_000_000,
            count: Some(3),
            ..Tuple::default()
        };
        let line = line(&tuple);
        insta::assert_snapshot!(line, @r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1772323200,"time_last":1772323260,"count":3}"#);
        let mut kept = Kept::default();
        assert!(super::super::read(line.as_bytes(), &mut kept).is_some());
        assert_eq!(kept.tuples, [tuple]);
    }
}
