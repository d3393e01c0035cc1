// What the kernel does: calls, processes, pages, switches.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "programs.h"

uint64_t syscalls(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 500000; i++) sum += syscall(SYS_getpid) > 0;
    return sum;
}

uint64_t processes(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 300; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) _exit(i & 1);
        waitpid(child, &status, 0);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

uint64_t exec(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 150; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            execl(self, self, "nothing", (char *)NULL);
            _exit(99);
        }
        waitpid(child, &status, 0);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

uint64_t faults(void)
{
    uint64_t sum = 0;
    for (int round = 0; round < 20; round++) {
        enum { LENGTH = 8 << 20 };
        uint8_t *p = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i < LENGTH; i += 4096) p[i] = i >> 12, sum += p[i];
        munmap(p, LENGTH);
    }
    return sum;
}

uint64_t switches(void)
{
    int there[2], back[2];
    char c = 0;
    if (pipe(there) || pipe(back)) return 0;
    if (fork() == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1) if (write(back[1], &c, 1) != 1) break;
        _exit(0);
    }
    for (int i = 0; i < 10000; i++) if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1) return 0;
    close(there[1]);
    wait(NULL);
    return 1;
}

// Two processes that have nothing to do with each other.
uint64_t parallel(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) _exit((sort() ^ hash() ^ recursion()) & 0x7F);
    for (int i = 0, status; i < 2; i++) wait(&status), sum += WEXITSTATUS(status);
    return sum;
}
