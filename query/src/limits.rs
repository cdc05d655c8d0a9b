//! What may a query use? Memory with a limit, spill files in one private folder, threads, and no file but ours.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryPool, TrackConsumersPool,
};
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use url::Url;

use crate::session::SessionOptions;

/// The scheme under which plans name the segments of a store.
const SCHEME: &str = "dwell";

/// The names of the catalog and of the schema that unqualified tables belong to.
pub(crate) const CATALOG: &str = "dwell";
pub(crate) const SCHEMA: &str = "public";

/// How many consumers of memory an error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);

/// Where the engine believes segments to be. It never asks there: our reader opens files by the ledger's names.
pub(crate) fn store_url() -> Result<ObjectStoreUrl> {
    ObjectStoreUrl::parse(format!("{SCHEME}://store"))
}

/// A registry that knows one empty store and takes no other, so that no plan can reach a file, a bucket or a URL.
#[derive(Debug)]
struct OnlyOurs(Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for OnlyOurs {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if url.scheme() == SCHEME {
            return Ok(Arc::clone(&self.0));
        }
        exec_err!("{url} is not part of the store, and SQL reads nothing else")
    }
}

/// Builds the environment that queries run in.
pub(crate) fn runtime(options: &SessionOptions) -> Result<Arc<RuntimeEnv>> {
    // Hunts run one after the other, each with many operators of which few are large: equal shares would be too small.
    let pool: Arc<dyn MemoryPool> = if options.history {
        let pool = GreedyMemoryPool::new(options.memory_bytes);
        Arc::new(TrackConsumersPool::new(pool, NAMED_CONSUMERS))
    } else {
        let pool = FairSpillPool::new(options.memory_bytes);
        Arc::new(TrackConsumersPool::new(pool, NAMED_CONSUMERS))
    };
    let spill = match &options.spill_dir {
        Some(dir) => DiskManagerMode::Directories(vec![dir.clone()]),
        None => DiskManagerMode::Disabled,
    };
    RuntimeEnvBuilder::new()
        .with_memory_pool(pool)
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(spill))
        .with_object_store_registry(Arc::new(OnlyOurs(Arc::new(InMemory::new()))))
        .build_arc()
}

/// The settings that names are resolved with.
pub(crate) fn names_only() -> SessionConfig {
    SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
}

/// The settings of the engine, where they differ from its own.
pub(crate) fn config(options: &SessionOptions) -> SessionConfig {
    let mut config =
        names_only().with_target_partitions(options.threads.max(1)).with_information_schema(true);
    let settings = config.options_mut();
    // Places in the text for messages; costs nothing but a few words per expression.
    settings.sql_parser.collect_spans = true;
    // `order by n desc limit 10` should show the greatest n, not the absent ones.
    settings.sql_parser.default_null_ordering = "nulls_last".to_owned();
    // Measured: groups that hardly repeat (pairs of host and client) are not worth aggregating twice.
    settings.execution.skip_partial_aggregation_probe_ratio_threshold = 0.3;
    settings.execution.skip_partial_aggregation_probe_rows_threshold = 20_000;
    // Rows that a filter drops are not decoded in the other columns.
    settings.execution.parquet.pushdown_filters = true;
    // A day of some megabytes is worth two threads; the engine would not split a file below ten.
    settings.optimizer.repartition_file_min_size = 1 << 20;
    // Lists of indicators up to this length prune by least and greatest values; bloom filters know no such limit.
    settings.execution.parquet.max_in_list_size = 200;
    // Sorts keep this much back for merging; at the default a small limit is spent before the first row.
    let partitions = options.threads.max(1);
    let reserve = options.memory_bytes / (8 * partitions);
    let sort = &mut settings.execution.sort_spill_reservation_bytes;
    *sort = (*sort).min(reserve);
    config
}
