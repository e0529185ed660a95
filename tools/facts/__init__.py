"""From lists of facts (names, types, retry classes) to the spec files, and back: what differs.

`python -m tools.facts FOLDER` completes voxsip/spec/ from the four files of facts in FOLDER; what is
written there already stays. `--drift` writes nothing and lists where spec and facts differ.
Descriptions stay as the spec has them. New ones can be given in `descriptions/GROUP.json` (key to text; `--missing GROUP`
lists the keys); what nobody describes is written as "TODO", which a test refuses.
"""
