"""From lists of facts (names, types, retry classes) to the spec files, and back: what differs.

`python -m tools.facts FOLDER` completes voxsip/spec/ from the four files of facts in FOLDER; what is
written there already stays. `--drift` writes nothing and lists where spec and facts differ.
Descriptions come from `descriptions/`, one file per group; a missing one is written as "TODO".
"""
