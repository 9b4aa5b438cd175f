"""One chart definition in, one SVG string out: the same for the page and, through typst, for the PDF."""

from greenbridge.kit.charts import bars, graph, ladder, months, percentiles, scatter, sparkline, waterfall
from greenbridge.kit.charts.definitions import Bars, Chart, Graph, Ladder, Months, Percentiles, Scatter, Sparkline, Stacked, Waterfall
from greenbridge.kit.text import Language


def svg(chart: Chart, language: Language = "zh") -> str:
    """Return the chart as SVG. The same definition gives the same bytes."""
    match chart:
        case Months():
            drawing = months.drawn(chart, language)
        case Bars():
            drawing = bars.drawn(chart, language)
        case Stacked():
            drawing = bars.composed(chart, language)
        case Percentiles():
            drawing = percentiles.drawn(chart, language)
        case Waterfall():
            drawing = waterfall.drawn(chart, language)
        case Graph():
            drawing = graph.drawn(chart, language)
        case Sparkline():
            drawing = sparkline.drawn(chart, language)
        case Ladder():
            drawing = ladder.drawn(chart, language)
        case Scatter():
            drawing = scatter.drawn(chart, language)
    return drawing
