"""Wire types of answers."""

from greenbridge.answers.schemas.answers import AnswerOut, ContractOut, HappenedOut, OfferOut, RatingOut, RequestOut
from greenbridge.answers.schemas.asking import AcceptanceIn, DeclineIn, OfferIn, RatingIn, ReasonsIn, RequestIn, StepIn, WordsIn
from greenbridge.answers.schemas.comparing import ComparedOut, InstalmentOut, ShareOut, StandingOut, WaitingOut
from greenbridge.answers.schemas.seeing import AmountCount, BandOut, EnterpriseRef, FeedOut, OpenNeedOut, ProductFit, TermsOut

__all__ = [
    "AcceptanceIn",
    "AmountCount",
    "AnswerOut",
    "BandOut",
    "ComparedOut",
    "ContractOut",
    "DeclineIn",
    "EnterpriseRef",
    "FeedOut",
    "HappenedOut",
    "InstalmentOut",
    "OfferIn",
    "OfferOut",
    "OpenNeedOut",
    "ProductFit",
    "RatingIn",
    "RatingOut",
    "ReasonsIn",
    "RequestIn",
    "RequestOut",
    "ShareOut",
    "StandingOut",
    "StepIn",
    "TermsOut",
    "WaitingOut",
    "WordsIn",
]
