"""What an operator sees coming: Prometheus' metrics, and the only rooms that know of Prometheus.

`instruments` are what is counted, `sampling` counts, `answers` counts requests, and `exposition` says
it all at `GET /metrics`.

With several workers (`serve --workers N`) a scrape meets one of them, and has to be told of all. So
prometheus-client's own way for that is used: each worker keeps its figures in files of one folder, and
whichever is asked adds them up. That mode cannot ask a collector of another process, so what is not
counted but asked for (how many wait, who watches) is written into gauges once a second, and by the
worker that answers at that moment. One worker does exactly the same with its figures in memory: there
is one way of counting, and only the last step differs. A label for the worker and a port for each would
be the other way; then whoever scrapes has to find the workers, and a worker's counts end with it.

No label tells an election, a place or a person: there may be any number of those, and each value is a
series that Prometheus keeps for ever. What concerns one election is on its pages.
"""
