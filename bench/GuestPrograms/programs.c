// Small programs for the init of a guest: each prints its name, its best time in milliseconds and a checksum; then the machine powers off.
// Build: gcc -O2 -static -o init programs.c
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state = 88172645463325252ull;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static uint64_t alu(void)
{
    uint64_t a = 1, b = 2;
    for (int i = 0; i < 60000000; i++) {
        a = a * 33 + (b >> 3);
        b ^= a + i;
    }
    return a ^ b;
}

static uint64_t crc(void)
{
    static uint32_t table[256];
    static uint8_t data[65536];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xEDB88320 : c >> 1;
        table[i] = c;
    }
    for (size_t i = 0; i < sizeof data; i++) data[i] = next();
    uint32_t c = ~0u;
    for (int round = 0; round < 500; round++)
        for (size_t i = 0; i < sizeof data; i++) c = table[(c ^ data[i]) & 255] ^ c >> 8;
    return c;
}

static uint64_t sieve(void)
{
    enum { N = 2000000 };
    static uint8_t composite[N];
    uint64_t count = 0;
    for (int round = 0; round < 6; round++) {
        memset(composite, 0, N);
        for (int i = 2; i < N; i++) {
            if (composite[i]) continue;
            count++;
            for (int k = i * 2; k < N; k += i) composite[k] = 1;
        }
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t sort(void)
{
    enum { N = 400000 };
    static uint64_t data[N];
    for (int i = 0; i < N; i++) data[i] = next();
    qsort(data, N, sizeof *data, compare);
    return data[N / 2];
}

static uint64_t hash(void)
{
    enum { SIZE = 1 << 18 };
    static uint64_t keys[SIZE];
    uint64_t sum = 0;
    for (int i = 0; i < 8000000; i++) {
        uint64_t key = (next() & 0xFFFF) + 1, h = key * 0x9E3779B97F4A7C15ull >> 46;
        while (keys[h] != 0 && keys[h] != key) h = (h + 1) & (SIZE - 1);
        keys[h] = key;
        sum += h;
    }
    return sum;
}

static uint64_t chase(void)
{
    enum { N = 1 << 18 };
    static uint32_t links[N];
    for (uint32_t i = 0; i < N; i++) links[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t k = next() % i, t = links[i];
        links[i] = links[k];
        links[k] = t;
    }
    uint32_t at = 0;
    for (int i = 0; i < 10000000; i++) at = links[at];
    return at;
}

__attribute__((noinline)) static uint64_t fib(unsigned n)
{
    uint64_t result = n < 2 ? n : fib(n - 1) + fib(n - 2);
    __asm__ volatile("" : "+r"(result));
    return result;
}

static uint64_t recursion(void) { return fib(35); }

static uint64_t indirect(void)
{
    static const uint8_t code[] = {0, 1, 2, 3, 1, 4, 2, 5, 0, 3, 6, 1, 2, 5, 7};
    uint64_t a = 1, b = 3;
    static void *const labels[] = {&&l0, &&l1, &&l2, &&l3, &&l4, &&l5, &&l6, &&l7};
    int left = 2000000;
    size_t at = 0;
#define NEXT goto *labels[code[at++]]
    NEXT;
l0: a += b; NEXT;
l1: b ^= a; NEXT;
l2: a *= 3; NEXT;
l3: b >>= 1; NEXT;
l4: b += 7; NEXT;
l5: a ^= 0x55; NEXT;
l6: b *= 5; NEXT;
l7:
    at = 0;
    if (--left) NEXT;
    return a ^ b;
}

static uint64_t matrix(void)
{
    enum { N = 160 };
    static double a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) a[i][j] = next() % 100, b[i][j] = next() % 100;
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++) c[i][j] += a[i][k] * b[k][j];
    return (uint64_t)c[7][9];
}

__attribute__((target("avx2,fma"), optimize("O3"))) static uint64_t avx(void)
{
    static float a[4096], b[4096];
    for (int i = 0; i < 4096; i++) a[i] = i, b[i] = 1.0f / (i + 1);
    for (int round = 0; round < 20000; round++)
        for (int i = 0; i < 4096; i++) a[i] = a[i] * 0.999f + b[i];
    return (uint64_t)a[100];
}

static uint64_t x87(void)
{
    long double x = 0.5L, y = 1.25L;
    for (int i = 0; i < 20000000; i++) {
        x = x * y + 0.125L;
        if (x > 1000.0L) x = x / 1024.0L;
    }
    return (uint64_t)(x * 1000);
}

static uint64_t copy(void)
{
    static uint8_t a[1 << 20], b[1 << 20];
    for (int i = 0; i < 2000; i++) {
        memcpy(b, a, sizeof a);
        a[i] = b[i + 1] + 1;
    }
    return b[5];
}

static uint64_t strings(void)
{
    static char text[4096];
    uint64_t sum = 0;
    for (int i = 0; i < 4000; i++) text[i] = 'a' + i % 26;
    for (int i = 0; i < 400000; i++) {
        char word[32];
        snprintf(word, sizeof word, "%d:%x", i, i * 7);
        sum += strlen(word) + (strchr(text + i % 26, 'z') - text);
    }
    return sum;
}

static uint64_t syscalls(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 500000; i++) sum += syscall(SYS_getpid);
    return sum;
}

static uint64_t faults(void)
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

static uint64_t processes(void)
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

static uint64_t pipes(void)
{
    int there[2], back[2];
    char c = 0;
    if (pipe(there) || pipe(back)) return 0;
    if (fork() == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1) if (write(back[1], &c, 1) != 1) break;
        _exit(0);
    }
    for (int i = 0; i < 30000; i++) if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1) return 0;
    close(there[1]);
    wait(NULL);
    return 1;
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
    printf("@ %-10s %8.1f ms %llx\n", name, best, (unsigned long long)result);
    fflush(stdout);
}

static const struct {
    const char *name;
    uint64_t (*program)(void);
} programs[] = {
    {"alu", alu}, {"crc", crc}, {"sieve", sieve}, {"sort", sort}, {"hash", hash}, {"chase", chase}, {"recursion", recursion}, {"indirect", indirect},
    {"matrix", matrix}, {"avx", avx}, {"x87", x87}, {"copy", copy}, {"strings", strings}, {"syscalls", syscalls}, {"faults", faults},
    {"processes", processes}, {"pipes", pipes},
};

// Arguments (to an init: those behind "--" on the kernel's command line) name the programs to run; without any, all run.
int main(int argc, char **argv)
{
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
