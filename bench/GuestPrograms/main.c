// Runs programs and prints, for each, its best time in milliseconds and its checksum; as a guest's init it powers the machine off then.
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>
#include "programs.h"

static uint64_t state;

const char *self;

uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

// The best of five: the host may have other work.
static void run(const char *name, uint64_t (*program)(void))
{
    double best = 1e9;
    uint64_t result = 0;
    for (int i = 0; i < 5; i++) {
        struct timespec before, after;
        state = 88172645463325252ull;
        clock_gettime(CLOCK_MONOTONIC, &before);
        result = program();
        clock_gettime(CLOCK_MONOTONIC, &after);
        double milliseconds = (after.tv_sec - before.tv_sec) * 1e3 + (after.tv_nsec - before.tv_nsec) / 1e6;
        if (milliseconds < best) best = milliseconds;
    }
    printf("\n@ %-12s %9.2f ms %llx\n", name, best, (unsigned long long)result);
    fflush(stdout);
}

#define ROW(name) {#name, name},
static const struct {
    const char *name;
    uint64_t (*program)(void);
} programs[] = {PROGRAMS(ROW)};

// Arguments (to an init: those behind "--" on the kernel's command line) name the programs to run; without any, all run.
int main(int argc, char **argv)
{
    self = argv[0];
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        int wanted = argc < 2;
        for (int k = 1; k < argc; k++) wanted |= strcmp(argv[k], programs[i].name) == 0;
        if (strcmp(programs[i].name, "avx") == 0) wanted &= __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        if (wanted) run(programs[i].name, programs[i].program);
    }
    if (getpid() == 1) {
        sync();
        reboot(RB_POWER_OFF);
    }
    return 0;
}
