"""The OpenAPI document for the strict mock says what the vendor's page says, structure for structure."""

import json
import re
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

DOCUMENT = Path(__file__).with_name("create_sip_registration.openapi.json")
PROSE = {"description", "title", "summary", "tags", "info", "examples", "example"}


def structure(node, root):
    """Resolve references and leave prose out."""
    match node:
        case {"$ref": str(ref)}:
            target = root
            for step in ref.removeprefix("#/").split("/"):
                target = target[step]
            return structure(target, root)
        case dict():
            # Under `properties` every key is a name, not a keyword: names are kept.
            return {
                key: {name: structure(child, root) for name, child in value.items()}
                if key == "properties"
                else structure(value, root)
                for key, value in node.items()
                if key not in PROSE
            }
        case list():
            return [structure(item, root) for item in node]
        case _:
            return node


def test_is_valid_openapi():
    validate(json.loads(DOCUMENT.read_text()))


def test_has_the_structure_of_the_vendors_text():
    folder = Path(__file__).parents[4] / "shared" / "seeds"
    pages = sorted(folder.glob("000_*.txt"))
    if not pages:
        pytest.skip("the vendor's page is not beside this checkout")
    [text] = re.findall(r"```yaml\n(.*?)\n```\n\n## ", pages[0].read_text(), re.DOTALL)
    vendors, ours = yaml.safe_load(text), json.loads(DOCUMENT.read_text())
    for part in ("paths", "servers"):
        assert structure(ours[part], ours) == structure(vendors[part], vendors)
    schemes = "securitySchemes"
    assert structure(ours["components"][schemes], ours) == structure(
        vendors["components"][schemes], vendors
    )
