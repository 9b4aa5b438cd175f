"""Departments, their files, and the catalogue of what they deliver."""

from greenbridge.facts.gateway.catalogue import catalogue
from greenbridge.facts.gateway.files import DepartmentGateway, FakeGateway, FileGateway, file_delivery, frames, pieces, tables
from greenbridge.facts.gateway.http import DepartmentProblem, Feed, HttpGateway, Pulled, Retries, Timeouts

__all__ = [
    "DepartmentGateway",
    "DepartmentProblem",
    "FakeGateway",
    "Feed",
    "FileGateway",
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
