#!/usr/bin/env python3
"""How early and how rightly alerts warn, on a simulated company whose leavers are known.

usage: alerts_eval.py WANLIU WORKSPACE FROM TO     (days; alerts raised in FROM .. TO are judged)

Leavers are judged from the simulator's truth: a customer who leaves within FROM + 3 days .. TO. A
leaver is warned when something was raised for them at least 72 hours before and at most 30 days
before. A raised alert is right when its customer leaves within 30 days after it and had not left
yet; alerts of the last 30 days of the data are left out of that count. Beside it the tier rule
alone: each customer's first day in the tier very_high in 30 days. Prints one JSON line per case."""
import datetime
import json
import os
import subprocess
import sys

DAY = datetime.timedelta(days=1)
LEAD = datetime.timedelta(hours=72)
REACH = 30 * DAY


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def leavers(workspace):
    left = {}
    with open(os.path.join(workspace, "data", "truth" + ".ndjson"), encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record["left_at"]:
                left[record["user"]] = when(record["left_at"])
    return left


def lines(wanliu, workspace, *words):
    command = [wanliu, "-q", "--json", "-C", workspace, *words]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def judge(name, raised, left, begin, end, last, n_users):
    """raised: (user, moment) of everything said between begin and end."""
    gone = {user: at for user, at in left.items() if begin + LEAD <= at < end}
    warned = {user for user, at in raised if user in gone and LEAD <= gone[user] - at <= REACH}
    judged = [(user, at) for user, at in raised if at < last - REACH and not
              (user in left and left[user] <= at)]
    right = sum(1 for user, at in judged if user in left and left[user] - at <= REACH)
    days = (end - begin) / DAY
    print(json.dumps({
        "case": name, "leavers": len(gone), "warned_72h": round(len(warned) / len(gone), 4),
        "alerts": len(raised), "alerts_per_1000_users_and_day":
        round(1000.0 * len(raised) / n_users / days, 3),
        "judged": len(judged), "precision_30d": round(right / max(len(judged), 1), 4)}))


def tier_rule(wanliu, workspace, begin, end):
    raised, last, n_rows, day = [], {}, 0, begin
    n_days = int((end - begin) / DAY)
    for first in range(0, n_days, 10):
        dates = [(begin + i * DAY).isoformat() for i in range(first, min(first + 10, n_days))]
        dates = [date.replace("+00:00", "Z") for date in dates]
        for score in lines(wanliu, workspace, "score", "--no-values", "--as-of", ",".join(dates)):
            n_rows += 1
            at = when(score["as_of"])
            if score["tier"] != "very_high":
                continue
            raised.append((at, score["user"]))
    raised.sort()
    said = []
    for at, user in raised:
        if user not in last or at - last[user] > REACH:
            said.append((user, at))
            last[user] = at
    return said, n_rows / n_days


def main():
    wanliu, workspace, begin, end = sys.argv[1:5]
    left = leavers(workspace)
    first = when(begin + "T00:00:00+00:00")
    last = when(end + "T00:00:00+00:00")
    said, n_users = tier_rule(wanliu, workspace, first, last)
    alerts = lines(wanliu, workspace, "alerts", "--replay", "--from", begin, "--to", end)
    raised = [(alert["user"], when(alert["raised"])) for alert in alerts]
    opened = [(alert["user"], when(alert["opened"])) for alert in alerts if alert["opened"]]
    judge("alerts raised", raised, left, first, last, last, n_users)
    judge("alerts opened", opened, left, first, last, last, n_users)
    judge("tier very_high alone", said, left, first, last, last, n_users)
    for kind in ("churn", "activity", "intent", "sentiment"):
        part = [(alert["user"], when(alert["raised"])) for alert in alerts
                if alert["evidence"][0]["kind"] == kind]
        if part:
            judge("raised by " + kind, part, left, first, last, last, n_users)


if __name__ == "__main__":
    main()
