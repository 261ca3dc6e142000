"""What the functional tests stand on: engines, throw-away dbt projects, readers of the tree."""
