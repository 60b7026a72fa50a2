# A tiny shop for cases that learn: 120 customers over 100 days of 2024, half of whom stop buying at a
# day of their own. Sourced by the cases; files go to the current folder.
shop_config() { # DATES CHURN MORE, each with a default
    cat <<YAML
version: 1
name: shop
sources:
  - {name: log, kind: events, format: csv, user: user, time: time, event: event, value: value}
  - {name: people, kind: customers, format: csv, user: user, known_at: known_at}
churn: ${2:-{kind: inactivity, events: [Order Completed], horizon: 20d, lead: 24h\}}
dates: ${1:-{train: [2024-02-01], test: [2024-03-01]\}}
model: {algorithm: logistic}
${3:-gates: {min_rows: 40, min_per_class: 10\}}
YAML
}
shop_day() { # days since 2024-01-01 -> date
    local lengths=(31 29 31 30) month=0 day=$1
    while ((day >= lengths[month])); do
        ((day -= lengths[month++]))
    done
    printf '2024-%02d-%02d' $((month + 1)) $((day + 1))
}
shop_events() {
    local days=() i d
    for ((d = 0; d < 100; d++)); do
        days[d]=$(shop_day "$d")
    done
    echo "user,time,event,value"
    for ((i = 0; i < 120; i++)); do
        for ((d = i % 5; d < (i % 2 ? 15 + i * 7 % 60 : 100); d += 4 + i % 3)); do
            printf 'u%03d,%s,Order Completed,%d.5\n' "$i" "${days[d]}" "$((i % 9 + d % 4))"
        done
    done
}
run() { # NAME COMMAND...
    echo "== $1"
    shift
    "$@" 2>&1
    echo "exit $?"
}
