"""Pages of answers: the firm's and the officer's."""

from greenbridge.answers.pages.deadlines import DeadlinePages, LeaguePages
from greenbridge.answers.pages.firm import FirmAnswerPages
from greenbridge.answers.pages.life import LifePages
from greenbridge.answers.pages.officer import OfficerPages

__all__ = ["DeadlinePages", "FirmAnswerPages", "LeaguePages", "LifePages", "OfficerPages"]
