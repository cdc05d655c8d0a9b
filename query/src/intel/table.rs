//! How is a table of lists read? All of it, when a query names it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

use super::Lists;

/// A table of lists.
#[derive(Debug)]
pub(super) struct Kept {
    schema: SchemaRef,
    lists: Arc<Lists>,
    read: fn(&Lists) -> Result<Vec<RecordBatch>>,
}

impl Kept {
    pub(super) fn indicators(lists: Arc<Lists>) -> Self {
        Self { schema: super::indicators_schema(), lists, read: Lists::indicators }
    }

    pub(super) fn passive_dns(lists: Arc<Lists>) -> Self {
        Self { schema: super::passive_dns_schema(), lists, read: Lists::passive_dns }
    }
}

#[async_trait]
impl TableProvider for Kept {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut parts = vec![Vec::new(); session.config().target_partitions().max(1)];
        let count = parts.len();
        for (number, batch) in (self.read)(&self.lists)?.into_iter().enumerate() {
            parts[number % count].push(batch);
        }
        Ok(MemorySourceConfig::try_new_exec(&parts, self.schema(), projection.cloned())?)
    }
}
