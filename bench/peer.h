/* A peer at work in a process of its own: a Python program that makes itself ready, then does one
 * turn of the work for each line it is sent and answers with the seconds it took. So both sides of
 * a comparison take turns within one run, and a busy machine is busy for both.
 *
 * Protocol, in lines: the peer says "ready"; "go" is answered by "WALL CPU" (seconds); the end of
 * its input by its peak of memory in MiB, and it leaves. The python is named by the environment
 * variable WANLIU_PEER_PYTHON. */
#ifndef WL_BENCH_PEER_H
#define WL_BENCH_PEER_H
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct peer {
    pid_t pid;  // 0: not there
    FILE *to;   // its input
    FILE *from; // its output
};

struct peer_turn {
    double wall_s;
    double cpu_s;
};

/* peer_seconds_cpu - processor time of this process, all its threads. */
static inline double peer_seconds_cpu(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* peer_rest - let the workers of the last turn, which wait for more work by spinning, fall asleep:
 * without it one side's spinning is the other side's neighbour. */
static inline void peer_rest(void)
{
    const struct timespec rest = {.tv_nsec = 60000000};
    (void)nanosleep(&rest, NULL);
}

/* peer_end - let it go; gives its peak of memory in MiB, 0 when unknown. */
static inline double peer_end(struct peer *peer)
{
    double peak_mib = 0.0;

    if (peer->pid == 0) {
        return 0.0;
    }
    (void)fclose(peer->to);
    if (fscanf(peer->from, "%lf", &peak_mib) != 1) {
        peak_mib = 0.0;
    }
    (void)fclose(peer->from);
    (void)waitpid(peer->pid, NULL, 0);
    *peer = (struct peer){0};
    return peak_mib;
}

/* peer_start - start "python script arguments"; false, and a line on stderr, when the python is not
 * named or the peer does not get ready.
 *   arguments  NULL behind the last. */
static inline bool peer_start(struct peer *peer, const char *script, char *const *arguments)
{
    const char *python = getenv("WANLIU_PEER_PYTHON");
    char *argv[16] = {NULL, NULL};
    int down[2];
    int up[2];
    char line[64] = "";

    *peer = (struct peer){0};
    if (python == NULL || pipe(down) != 0 || pipe(up) != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) { // or a peer started later would hold this one's input open
        (void)fcntl(down[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(up[i], F_SETFD, FD_CLOEXEC);
    }
    argv[0] = strdup(python);
    argv[1] = strdup(script);
    for (size_t i = 0; i < 13 && arguments[i] != NULL; i++) {
        argv[i + 2] = arguments[i];
    }
    (void)signal(SIGPIPE, SIG_IGN); // a peer that dies is a peer less, not our end
    peer->pid = fork();
    if (peer->pid == 0) {
        (void)dup2(down[0], STDIN_FILENO);
        (void)dup2(up[1], STDOUT_FILENO);
        (void)execv(argv[0], argv);
        _exit(127);
    }
    free(argv[0]);
    free(argv[1]);
    (void)close(down[0]);
    (void)close(up[1]);
    peer->to = fdopen(down[1], "w");
    peer->from = fdopen(up[0], "r");
    if (peer->pid < 0 || fgets(line, sizeof(line), peer->from) == NULL ||
        strcmp(line, "ready\n") != 0) {
        fprintf(stderr, "bench: peer %s %s did not get ready\n", script, arguments[0]);
        (void)peer_end(peer);
        return false;
    }
    return true;
}

/* peer_turn_run - one turn of the peer; zeros when it is not there or fails. */
static inline struct peer_turn peer_turn_run(struct peer *peer)
{
    struct peer_turn turn = {0};

    if (peer->pid == 0) {
        return turn;
    }
    (void)fputs("go\n", peer->to);
    (void)fflush(peer->to);
    if (fscanf(peer->from, "%lf %lf", &turn.wall_s, &turn.cpu_s) != 2) {
        turn = (struct peer_turn){0};
    }
    return turn;
}

#endif
