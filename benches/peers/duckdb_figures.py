"""The figures of a dump as somebody who knows SQL well would get them out of DuckDB. Prints one line of JSON:
the seconds that the work took (the interpreter's start and the import are left out), the peak memory of this
process in KiB, and the figures.

    python duckdb_figures.py DUMP THREADS
"""

import json
import sys
import time

import duckdb

# Only the fields that are needed are read, as values and not as JSON; naming them saves the pass that guesses.
EVENTS = """
create temp table events as
select session, event, payload.id as id, payload."from" as caller, "timestamp" as moment
from read_json(?, format = 'newline_delimited', maximum_object_size = 16777216, columns = {
    session: 'VARCHAR', event: 'VARCHAR', "timestamp": 'BIGINT', payload: 'STRUCT(id VARCHAR, "from" VARCHAR)'})
where event in ('call.received', 'call.accepted', 'call.rejected')
"""

# Rejected calls, those whose offer never came, and how long the others rang.
INSTANCES = """
with calls as (
    select session, id,
        min(moment) filter (event = 'call.received') as offered,
        min(moment) filter (event = 'call.rejected') as rejected
    from events group by session, id having count(*) filter (event = 'call.accepted') = 0)
select session, count(rejected), count(*) filter (rejected is not null and offered is null),
    quantile_disc(rejected - offered, 0.5)
from calls group by session having count(rejected) > 0 order by session
"""

# The most calls of each caller in ten minutes.
PEAKS = """
with windows as (
    select caller, count(*) over (
        partition by caller order by moment range between 600000 preceding and current row) as calls
    from events where event = 'call.received'),
peaks as (select caller, max(calls) as peak from windows group by caller)
select count(*), sum(peak), max(peak) from peaks
"""


def main():
    dump, threads = sys.argv[1], int(sys.argv[2])
    began = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        connection.execute(EVENTS, [dump])
        instances = connection.execute(INSTANCES).fetchall()
        callers, peaks, highest = connection.execute(PEAKS).fetchone()
        seconds = time.perf_counter() - began
    figures = {
        "instances": {name: list(rest) for name, *rest in instances},
        "callers": callers,
        "sum of peaks": int(peaks),
        "highest peak": highest,
    }
    print(json.dumps({"seconds": seconds, "version": duckdb.__version__, "figures": figures}))


main()
