"""The ground of all wire types."""

from pydantic import BaseModel, ConfigDict


class Closed(BaseModel):
    """A wire type that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)
