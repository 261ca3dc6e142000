"""Rules over a project's own graph, without a warehouse: `dbt-estate check`."""
