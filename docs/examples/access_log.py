#!/usr/bin/env python3
"""Writes a made-up access log, six minutes of a small shop's lunch hour, always the same.

    python3 docs/examples/access_log.py > access.log

nginx's combined format. Arrivals are Poisson at a rate that changes by the minute; the fourth is the peak.
"""

import random
import sys
from datetime import datetime, timedelta, timezone

RATES = (420, 560, 780, 1200, 900, 610)  # requests a second, by minute
PATHS = (("/", 30), ("/search?q=shoes", 25), ("/item/1041", 30), ("/cart", 10), ("/static/logo.svg", 5))
BEGIN = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)


def main():
    chance = random.Random(2026)
    paths, weights = zip(*PATHS)
    for minute, rate in enumerate(RATES):
        at = chance.expovariate(rate)
        while at < 60:
            time = (BEGIN + timedelta(minutes=minute, seconds=int(at))).strftime("%d/%b/%Y:%H:%M:%S +0000")
            path, = chance.choices(paths, weights)
            status = 200 if chance.random() < 0.995 else 404
            sys.stdout.write(f'192.0.2.{chance.randrange(1, 255)} - - [{time}] "GET {path} HTTP/1.1" {status} '
                             f'{chance.randrange(400, 9000)} "-" "made-up"\n')
            at += chance.expovariate(rate)


if __name__ == "__main__":
    main()
