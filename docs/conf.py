"""How Sphinx builds the docs."""

import sys
from pathlib import Path

from voxsip._version import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "voxsip"
author = "The voxsip authors"
copyright = "The voxsip authors"  # noqa: A001 - Sphinx's name for it
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "_reference",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"voxsip {release}"
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp"

# Single backticks in docstrings are code, as in Markdown.
default_role = "code"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

autodoc_default_options = {"exclude-members": "disposition"}
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

# The API has a model called Plan, and so has desired state; each page means its own.
suppress_warnings = ["ref.python"]

# Other projects' names are not linked: a build asks no other site for its index.
# Nor are type variables, protocols behind the public names, nor how the retry layer sees an error.
nitpick_ignore = [
    ("py:class", "voxsip._base_client.BaseAsyncClient"),
    ("py:class", "voxsip._errors.Disposition"),
    ("py:class", "voxsip.cluster._report.Sums"),
    ("py:class", "voxsip._calls.limiter.RateLimiter"),
    ("py:class", "voxsip._calls.limiter.LimiterSource"),
    ("py:class", "voxsip._clock.Clock"),
    ("py:class", "voxsip._clock.Seams"),
]
nitpick_ignore_regex = [(r"py:.*", r"(?!voxsip\.).*"), (r"py:class", r"voxsip\..*\.[A-Z](_\w+)?")]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
