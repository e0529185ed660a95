"""The commands of the `voxsip` program."""
