// Stresses a kernel and a processor with work whose results are the same wherever it is right: each round prints a digest of
// processes, memory maps, signals, pipes, threads and floating point. Usage: stress ROUNDS [SECONDS]: whichever ends first.
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash ^= value;
    hash *= 0x9E3779B97F4A7C15ull;
    return hash ^ hash >> 29;
}

static void check(int failed, const char *what) {
    if (failed) {
        perror(what);
        exit(3);
    }
}

// Children of children, each with an exit code that its parent folds into its own.
static int tree(uint64_t seed, int depth) {
    int sum = (int)(seed & 31);
    for (int i = 0; depth > 0 && i < 2; i++) {
        pid_t child = fork();
        check(child < 0, "fork");
        if (child == 0)
            _exit(tree(mix(seed, i), depth - 1));
        int status;
        check(waitpid(child, &status, 0) != child, "waitpid");
        sum = (sum * 3 + WEXITSTATUS(status)) & 127;
    }
    return sum;
}

// Private maps shared with a child until either writes; a page that may not be read; a map moved and shrunk.
static uint64_t maps(uint64_t seed) {
    enum { PAGES = 64, SIZE = PAGES * 4096 };
    uint8_t *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(map == MAP_FAILED, "mmap");
    for (int i = 0; i < PAGES; i++)
        memset(map + i * 4096, (int)(seed + i), 4096);
    pid_t child = fork();
    check(child < 0, "fork");
    if (child == 0) {
        for (int i = 0; i < PAGES; i += 2)
            map[i * 4096 + (seed & 4095)] ^= 0xFF;
        uint64_t hash = 0;
        for (int i = 0; i < SIZE; i += 61)
            hash = mix(hash, map[i]);
        _exit((int)(hash & 127));
    }
    int status;
    check(waitpid(child, &status, 0) != child, "waitpid");
    uint64_t hash = mix(0, WEXITSTATUS(status));
    for (int i = 0; i < SIZE; i += 97)
        hash = mix(hash, map[i]);
    check(mprotect(map + 4096, 4096, PROT_READ) != 0, "mprotect");
    hash = mix(hash, map[4096]);
    uint8_t *moved = mremap(map, SIZE, SIZE / 2, 0);
    check(moved != map, "mremap");
    for (int i = 0; i < SIZE / 2; i += 511)
        hash = mix(hash, moved[i]);
    munmap(map, SIZE / 2);
    return hash;
}

static volatile sig_atomic_t caught;
static uint8_t *guarded;

static void count(int number) { caught += number; }

static void unlock(int number) {
    (void)number;
    caught++;
    mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

static uint64_t signals(uint64_t seed) {
    struct sigaction action = {.sa_handler = count}, fault = {.sa_handler = unlock};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigaction(SIGSEGV, &fault, NULL);
    caught = 0;
    for (int i = 0; i < 50; i++)
        raise(seed >> (i & 31) & 1 ? SIGUSR1 : SIGUSR2);
    guarded = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(guarded == MAP_FAILED, "mmap");
    guarded[seed & 4095] = (uint8_t)seed; // faults, is unlocked by the handler, and is run again
    uint64_t hash = mix(caught, guarded[seed & 4095]);
    munmap(guarded, 4096);
    return hash;
}

static uint64_t pipes(uint64_t seed) {
    int to[2], from[2];
    check(pipe(to) != 0 || pipe(from) != 0, "pipe");
    pid_t child = fork();
    check(child < 0, "fork");
    if (child == 0) {
        close(to[1]);
        close(from[0]);
        uint64_t value;
        while (read(to[0], &value, sizeof value) == sizeof value) {
            value = mix(value, 7);
            check(write(from[1], &value, sizeof value) != sizeof value, "write");
        }
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    uint64_t hash = seed;
    for (int i = 0; i < 200; i++) {
        check(write(to[1], &hash, sizeof hash) != sizeof hash, "write");
        check(read(from[0], &hash, sizeof hash) != sizeof hash, "read");
    }
    close(to[1]);
    close(from[0]);
    waitpid(child, NULL, 0);
    return hash;
}

struct shared {
    pthread_mutex_t lock;
    uint64_t locked, atomic;
};

static void *work(void *argument) {
    struct shared *shared = argument;
    for (int i = 1; i <= 2000; i++) {
        pthread_mutex_lock(&shared->lock);
        shared->locked += i;
        pthread_mutex_unlock(&shared->lock);
        __atomic_fetch_add(&shared->atomic, i * 3, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static uint64_t threads(void) {
    struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t all[4];
    for (int i = 0; i < 4; i++)
        check(pthread_create(&all[i], NULL, work, &shared) != 0, "pthread_create");
    for (int i = 0; i < 4; i++)
        pthread_join(all[i], NULL);
    return mix(shared.locked, shared.atomic);
}

static uint64_t bits(double value) {
    uint64_t result;
    memcpy(&result, &value, sizeof result);
    return result;
}

// Only operations whose results IEEE 754 fixes; x87 by long double.
static uint64_t floats(uint64_t seed) {
    double a[16][16], b[16][16], sum = 0;
    float narrow = 0;
    long double wide = 1;
    for (int i = 0; i < 256; i++) {
        a[i >> 4][i & 15] = (double)(mix(seed, i) >> 11) / 9007199254740992.0 - 0.5;
        b[i & 15][i >> 4] = a[i >> 4][i & 15] * 3 + i;
    }
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++) {
            double cell = 0;
            for (int k = 0; k < 16; k++)
                cell += a[i][k] * b[k][j];
            sum += sqrt(fabs(cell)) / (1 + i + j);
            narrow = (narrow + (float)cell) / 3.0f;
            wide = wide * 1.0000001L + (long double)cell / 7.0L;
        }
    return mix(mix(bits(sum), bits(narrow)), bits((double)wide));
}

int main(int count, char **arguments) {
    long rounds = count > 1 ? atol(arguments[1]) : 10, seconds = count > 2 ? atol(arguments[2]) : 1L << 30;
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long round = 0; round < rounds; round++) {
        uint64_t seed = mix(0x1234567, round);
        uint64_t digest = mix(0, tree(seed, 3));
        digest = mix(digest, maps(seed));
        digest = mix(digest, signals(seed));
        digest = mix(digest, pipes(seed));
        digest = mix(digest, threads());
        for (int i = 0; i < 20; i++)
            digest = mix(digest, floats(seed + i));
        printf("%ld %016llx\n", round, (unsigned long long)digest);
        fflush(stdout);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec >= seconds)
            break;
    }
    return 0;
}
