"""Tools for working on voxsip; none of them is shipped."""
