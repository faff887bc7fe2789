"""Help for who writes queries: what is odd about one, why it has no rows, what it costs.

    reading     a query as its author sees it: names in full, places by line and column
    remarks     what is said about a place in a query, in English and German
    vocabulary  which terms a release has, and which come nearest to one that it has not
    lint        every check: spelling, variables, joins, literals, absence, order
    patterns    a query without one of its parts
    whyempty    which part empties the answer
    explain     the engine's plan with its row counts
    confined    the process in which the plan is made

Nothing here changes an answer or holds one up: remarks are advice.
"""
