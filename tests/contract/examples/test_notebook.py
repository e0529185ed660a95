"""The notebook runs from beginning to end in a real kernel, and says nothing on standard error."""

from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
pytest.importorskip("pandas")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the kernel's client
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NOTEBOOK = Path(__file__).parents[3] / "examples" / "workbook_to_bound.ipynb"


def test_from_a_workbook_to_bound_registrations(tmp_path):
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    results = [
        output.data["text/plain"] for output in outputs if output.output_type == "execute_result"
    ]
    assert "(200, 0, [])" in results
    assert "['user-1', 'user-2', 'user-3']" in results
