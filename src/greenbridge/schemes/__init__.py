"""White-box scorecards: schemes as data, one engine, screening of lists."""
