import pytest

from voxsip.bulk import Outcome, Report


@pytest.fixture
def job():
    """Feed outcomes to a writer as a job does; return the report."""

    def run(writer, *outcomes, kind="bind", seconds=2.0, clock=None, **report):
        sums = Report(kind=kind)
        for index, (row, status, facts) in enumerate(outcomes):
            line = facts.pop("line", None)
            origin = facts.pop("password_from", None)
            outcome = Outcome(index=index, row=row, status=status, **facts)
            sums.count(outcome)
            writer.add(outcome, line, password_from=origin)
        sums.seconds = seconds
        for name, value in report.items():
            setattr(sums, name, value)
        return sums

    return run
