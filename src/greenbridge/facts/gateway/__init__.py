"""Departments, their files, and the catalogue of what they deliver."""

from greenbridge.facts.gateway.catalogue import catalogue
from greenbridge.facts.gateway.files import DepartmentGateway, FakeGateway, FileGateway, file_delivery, frames, pieces, tables

__all__ = ["DepartmentGateway", "FakeGateway", "FileGateway", "catalogue", "file_delivery", "frames", "pieces", "tables"]
