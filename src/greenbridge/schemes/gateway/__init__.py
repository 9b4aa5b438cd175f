"""Scheme files and the vocabulary of named values."""

from greenbridge.schemes.gateway.files import Loaded, load_folder, load_text, shipped
from greenbridge.schemes.gateway.vocabulary import vocabulary

__all__ = ["Loaded", "load_folder", "load_text", "shipped", "vocabulary"]
