"""A bank's answer to a need: slot, offer or decline, the firm's choice."""
