"""HTML pages of facts: the data catalogue for everybody; quality, doubts and deliveries for the operator."""

from greenbridge.facts.pages.catalogue import CataloguePages
from greenbridge.facts.pages.deliveries import DeliveryPages
from greenbridge.facts.pages.doubts import DoubtPages
from greenbridge.facts.pages.quality import QualityPages

__all__ = ["CataloguePages", "DeliveryPages", "DoubtPages", "QualityPages"]
