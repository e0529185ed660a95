"""The generator: from voxsip/spec/ to voxsip/_generated/.

Three steps, a module or two each: read the documents (`documents`), make sense of them (`parse`,
`schemas`, `rules` into the plain data of `model`), write Python (`docs`, `render`, `layout`).
`python -m tools.codegen` writes the files, `--check` only compares.
"""
