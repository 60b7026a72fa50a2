"""The peer's side of bench/peer.h: one turn of work per line of input, answered by its times."""
import sys
import time


def serve(turn):
    turn()  # the first makes plans and fills caches
    print('ready', flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        turn()
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
    with open('/proc/self/status') as status:  # getrusage's peak begins with that of the parent
        peak_kib = next(int(line.split()[1]) for line in status if line.startswith('VmHWM'))
    print(peak_kib / 1024, flush=True)
