"""Monitoring: contagion, the watch-list, checks of the model."""

from greenbridge.monitoring.service.contagion import measure, of_firm
from greenbridge.monitoring.service.model import Board, board, check, score_all
from greenbridge.monitoring.service.watching import sentences, since_of, watch_list

__all__ = ["Board", "board", "check", "measure", "of_firm", "score_all", "sentences", "since_of", "watch_list"]
