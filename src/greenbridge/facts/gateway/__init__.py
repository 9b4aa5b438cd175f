"""Departments: where deliveries come from, and how a delivered file is read."""

from greenbridge.facts.gateway.files import DepartmentGateway, FakeGateway, FileGateway, file_delivery, read_frame
from greenbridge.facts.gateway.http import Feed, HttpGateway, Pulled, Retries, Timeouts

__all__ = [
    "DepartmentGateway",
    "FakeGateway",
    "Feed",
    "FileGateway",
    "HttpGateway",
    "Pulled",
    "Retries",
    "Timeouts",
    "file_delivery",
    "read_frame",
]
