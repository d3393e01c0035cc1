// What the kernel counts for the whole machine.
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The number after `name` at the start of a line, or 0.
static uint64_t find_number(const char *path, const char *name) {
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    char line[512];
    uint64_t number = 0;
    size_t length = strlen(name);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0) {
            number = strtoull(line + length, NULL, 10);
            break;
        }
    fclose(file);
    return number;
}

uint64_t count_oom_kills(void) { return find_number("/proc/vmstat", "oom_kill "); }

static uint64_t count_busy_nanoseconds(void) {
    unsigned long long user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0;
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return 0;
    if (fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq, &soft) != 7)
        user = 0;
    fclose(file);
    return (user + nice + system + irq + soft) * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

void send_stats(uint32_t id) {
    uint32_t running = 0;
    for (int i = 0; i < MAX_PROCESSES; i++)
        running += agent.processes[i].used && agent.processes[i].pid > 0;
    uint64_t values[] = {
        count_busy_nanoseconds(),
        find_number("/proc/meminfo", "MemTotal:") * 1024,
        find_number("/proc/meminfo", "MemAvailable:") * 1024,
        find_number("/proc/meminfo", "Cached:") * 1024,
        count_oom_kills(),
        running,
    };
    uint8_t payload[sizeof values];
    for (size_t i = 0; i < sizeof values; i++)
        payload[i] = (uint8_t)(values[i / 8] >> (8 * (i % 8)));
    send_frame(REP_STATS, 0, id, payload, sizeof payload);
}
