"""The shards of an estate: the registry, the source YAML made from it, and the live target.

`settings` and `registry` read what the user wrote; `sources` turns it into lines of YAML, `block`
puts them into a file, `plan` says which files that makes; `live` compares with a target;
`commands` is the command line over all of them.
"""
