//! Which statements may run? Those that read. Parses the text, takes `user` as a column, checks the plan.

use std::ops::ControlFlow;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, WriteOp};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, FunctionArguments, Statement as SqlStatement, Value, VisitMut,
    visit_expressions_mut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;

use crate::error::{Error, ErrorKind, Result};
use crate::mistakes;

/// How deep expressions may nest.
const DEPTH: usize = 200;

/// Parses the one statement of `sql` and makes unquoted `user` mean the column.
pub(crate) fn parse(sql: &str) -> Result<Statement> {
    let parsed = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(DEPTH)
        .build()
        .and_then(|mut parser| parser.parse_statements());
    let mut statements = parsed.map_err(|error| mistakes::parse_error(sql, error))?;
    let Some(mut statement) = statements.pop_front() else {
        return Err(Error::new(ErrorKind::Usage, "there is no statement in the query"));
    };
    if !statements.is_empty() {
        let message = "more than one statement; they run one at a time";
        return Err(Error::new(ErrorKind::Usage, message));
    }
    check_statement(&statement)?;
    rewrite(&mut statement);
    Ok(statement)
}

/// Refuses what is no query by its first word, with a better message than the plan could give.
fn check_statement(statement: &Statement) -> Result<()> {
    match statement {
        Statement::Explain(explain) => check_statement(&explain.statement),
        Statement::Statement(statement) => match statement.as_ref() {
            SqlStatement::Query(_)
            | SqlStatement::ShowTables { .. }
            | SqlStatement::ShowColumns { .. }
            | SqlStatement::ShowFunctions { .. }
            | SqlStatement::ShowVariable { .. }
            | SqlStatement::ExplainTable { .. }
            | SqlStatement::Explain { .. } => Ok(()),
            other => Err(read_only(&first_words(&other.to_string()))),
        },
        Statement::CreateExternalTable(_) => Err(read_only("CREATE EXTERNAL TABLE")),
        Statement::CopyTo(_) => Err(read_only("COPY")),
        other => Err(read_only(&first_words(&other.to_string()))),
    }
}

/// Refuses every plan with a node that is no reading, wherever it stands.
pub(crate) fn check_plan(plan: &LogicalPlan) -> Result<()> {
    let mut refused = None;
    let walked = plan.apply_with_subqueries(|node| {
        refused = match node {
            LogicalPlan::Ddl(ddl) => Some(ddl_name(ddl)),
            LogicalPlan::Dml(dml) => Some(dml_name(&dml.op)),
            LogicalPlan::Copy(_) => Some("COPY".to_owned()),
            LogicalPlan::Statement(statement) => Some(statement.name().to_owned()),
            LogicalPlan::Extension(extension) => Some(extension.node.name().to_owned()),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        Ok::<_, DataFusionError>(TreeNodeRecursion::Stop)
    });
    if let Err(error) = walked {
        return Err(Error::new(ErrorKind::Other, error.to_string()));
    }
    match refused {
        Some(what) => Err(read_only(&what)),
        None => Ok(()),
    }
}

fn read_only(what: &str) -> Error {
    Error::new(ErrorKind::ReadOnly, format!("`{what}` is not possible: SQL only reads the store"))
        .advise("use SELECT, WITH, VALUES, EXPLAIN, DESCRIBE or SHOW")
}

fn ddl_name(ddl: &DdlStatement) -> String {
    ddl.name().to_owned()
}

fn dml_name(op: &WriteOp) -> String {
    op.name().to_owned()
}

/// The words a statement begins with, for messages: `DROP TABLE`.
fn first_words(statement: &str) -> String {
    let words = statement.split_whitespace().take_while(|word| {
        word.bytes().all(|byte| byte.is_ascii_uppercase()) && *word != "IF" && *word != "OR"
    });
    let words: Vec<_> = words.take(2).collect();
    if words.is_empty() { "this statement".to_owned() } else { words.join(" ") }
}

/// Rewrites what the parser reads otherwise than the table means it.
fn rewrite(statement: &mut Statement) {
    match statement {
        Statement::Explain(explain) => rewrite(&mut explain.statement),
        Statement::Statement(statement) => meant(statement.as_mut()),
        _ => {}
    }
}

/// Makes two expressions mean what the table means.
///
/// Unquoted `user` is parsed as a function without arguments, the name of who is logged in; here it is a column.
/// `ts AT TIME ZONE z` would take a time without zone for one on the clocks of `z`; all times here are UTC, so that is
/// said first.
fn meant<V: VisitMut>(node: &mut V) {
    let _ = visit_expressions_mut(node, |expr| {
        match expr {
            SqlExpr::Function(function) => {
                if matches!(function.args, FunctionArguments::None)
                    && let [part] = function.name.0.as_slice()
                    && let Some(ident) = part.as_ident()
                    && ident.value.eq_ignore_ascii_case("user")
                {
                    *expr = SqlExpr::Identifier(ident.clone());
                }
            }
            SqlExpr::AtTimeZone { timestamp, .. } => {
                let utc = SqlExpr::Value(Value::SingleQuotedString("UTC".to_owned()).into());
                let inner = std::mem::replace(timestamp.as_mut(), utc.clone());
                **timestamp =
                    SqlExpr::AtTimeZone { timestamp: Box::new(inner), time_zone: Box::new(utc) };
            }
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_is_allowed_and_nothing_else() {
        for sql in [
            "select 1",
            "with a as (select 1) select * from a",
            "values (1), (2)",
            "explain select 1",
            "explain analyze select 1",
            "describe requests",
            "show tables",
            "show all",
            "select 1;",
        ] {
            assert!(parse(sql).is_ok(), "{sql}");
        }
        for sql in [
            "insert into requests values (1)",
            "delete from requests",
            "update requests set a = 1",
            "drop table requests",
            "create table a as select 1",
            "create external table a stored as csv location '/etc/passwd'",
            "create view a as select 1",
            "copy requests to '/tmp/a.csv'",
            "copy (select 1) to '/tmp/a.csv'",
            "explain copy requests to '/tmp/a.csv'",
            "explain analyze insert into requests values (1)",
            "set a = 1",
            "reset a",
            "prepare a as select 1",
            "execute a",
            "truncate table requests",
            "attach 'a' as b",
            "create function f() returns int return 1",
            "begin",
            "use b",
        ] {
            let error = parse(sql).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::ReadOnly | ErrorKind::Usage),
                "{sql}: {error}"
            );
        }
        assert_eq!(parse("select 1; select 2").unwrap_err().kind(), ErrorKind::Usage);
        assert_eq!(parse("  -- nothing\n").unwrap_err().kind(), ErrorKind::Usage);
    }
}
