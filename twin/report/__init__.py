"""What a run showed, as figures (`report.json`) and as a page (`report.html`)."""

from twin.report.collect import collect
from twin.report.write import write_report

__all__ = ["collect", "write_report"]
