"""Departments, their files, and the catalogue of what they deliver."""

from greenbridge.facts.gateway.catalogue import catalogue
from greenbridge.facts.gateway.disputes import Disputes
from greenbridge.facts.gateway.files import FakeGateway, file_delivery, frames, pieces, tables
from greenbridge.facts.gateway.http import DepartmentProblem, Feed, HttpGateway, Pulled, Retries, Timeouts

__all__ = [
    "DepartmentProblem",
    "Disputes",
    "FakeGateway",
    "Feed",
    "HttpGateway",
    "Pulled",
    "Retries",
    "Timeouts",
    "catalogue",
    "file_delivery",
    "frames",
    "pieces",
    "tables",
]
