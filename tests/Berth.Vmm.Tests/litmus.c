// Memory order and atomic operations of several processors: prints a line for each test, and what was wrong. Usage: litmus THREADS ROUNDS
// Litmus tests run many instances per barrier, each on cache lines of its own; the outcomes that [SDM3] 9.2 forbids must not come.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { Instances = 256, MostThreads = 4 };

typedef struct { volatile int x __attribute__((aligned(64))), y __attribute__((aligned(64))); volatile int r[8] __attribute__((aligned(64))); } Instance;

static Instance s_instances[Instances];
static int s_threads, s_rounds, s_failures;
static volatile int s_arrived, s_generation;

// A barrier that spins and now and then gives way: there may be more processors than the host has.
static void barrier(int threads) {
    int generation = s_generation;
    if (__sync_add_and_fetch(&s_arrived, 1) == threads) {
        s_arrived = 0;
        __sync_add_and_fetch(&s_generation, 1);
        return;
    }
    for (int n = 0; s_generation == generation; n++) {
        if (n % 64 == 63) sched_yield();
        else __asm__ volatile("pause");
    }
}

#define STORE(place, value) __asm__ volatile("movl %1, %0" : "=m"(place) : "r"(value) : "memory")
#define LOAD(result, place) do { int got; __asm__ volatile("movl %1, %0" : "=r"(got) : "m"(place) : "memory"); (result) = got; } while (0)
#define FENCE() __asm__ volatile("mfence" ::: "memory")
#define EXCHANGE(place, value) do { int v = (value); __asm__ volatile("xchgl %0, %1" : "+r"(v), "+m"(place) :: "memory"); } while (0)
#define LOCKED() __asm__ volatile("lock addl $0, (%%rsp)" ::: "memory", "cc")

typedef struct {
    const char *name;
    int threads;
    void (*run)(Instance *i, int thread);
    int (*forbidden)(const Instance *i);
} Litmus;

static void sb_fence(Instance *i, int t) {
    int r;
    if (t == 0) { STORE(i->x, 1); FENCE(); LOAD(r, i->y); }
    else { STORE(i->y, 1); FENCE(); LOAD(r, i->x); }
    i->r[t] = r;
}
static void sb_exchange(Instance *i, int t) {
    int r;
    if (t == 0) { EXCHANGE(i->x, 1); LOAD(r, i->y); }
    else { EXCHANGE(i->y, 1); LOAD(r, i->x); }
    i->r[t] = r;
}
static void sb_locked(Instance *i, int t) {
    int r;
    if (t == 0) { STORE(i->x, 1); LOCKED(); LOAD(r, i->y); }
    else { STORE(i->y, 1); LOCKED(); LOAD(r, i->x); }
    i->r[t] = r;
}
static int both_zero(const Instance *i) { return i->r[0] == 0 && i->r[1] == 0; }

// Allowed: tells that the threads do meet.
static void sb(Instance *i, int t) {
    int r;
    if (t == 0) { STORE(i->x, 1); LOAD(r, i->y); }
    else { STORE(i->y, 1); LOAD(r, i->x); }
    i->r[t] = r;
}
static int s_relaxed;
static int count_zero(const Instance *i) {
    s_relaxed += both_zero(i);
    return 0;
}

static void mp(Instance *i, int t) {
    int a, b;
    if (t == 0) { STORE(i->x, 1); STORE(i->y, 1); }
    else { LOAD(a, i->y); LOAD(b, i->x); i->r[0] = a; i->r[1] = b; }
}
static int late(const Instance *i) { return i->r[0] == 1 && i->r[1] == 0; }

static void lb(Instance *i, int t) {
    int r;
    if (t == 0) { LOAD(r, i->x); STORE(i->y, 1); }
    else { LOAD(r, i->y); STORE(i->x, 1); }
    i->r[t] = r;
}
static int both_one(const Instance *i) { return i->r[0] == 1 && i->r[1] == 1; }

static void coherence(Instance *i, int t) {
    int a, b;
    if (t == 0) { STORE(i->x, 1); STORE(i->x, 2); }
    else { LOAD(a, i->x); LOAD(b, i->x); i->r[0] = a; i->r[1] = b; }
}
static int backwards(const Instance *i) { return i->r[0] > i->r[1]; }

static void two_writes(Instance *i, int t) {
    if (t == 0) { STORE(i->x, 1); STORE(i->y, 2); }
    else { STORE(i->y, 1); STORE(i->x, 2); }
}
static int both_first(const Instance *i) { return i->x == 1 && i->y == 1; }

static void wrc(Instance *i, int t) {
    int a, b;
    if (t == 0) STORE(i->x, 1);
    else if (t == 1) { LOAD(a, i->x); STORE(i->y, a); }
    else { LOAD(a, i->y); LOAD(b, i->x); i->r[0] = a; i->r[1] = b; }
}

static void iriw(Instance *i, int t) {
    int a, b;
    if (t == 0) STORE(i->x, 1);
    else if (t == 1) STORE(i->y, 1);
    else if (t == 2) { LOAD(a, i->x); LOAD(b, i->y); i->r[0] = a; i->r[1] = b; }
    else { LOAD(a, i->y); LOAD(b, i->x); i->r[2] = a; i->r[3] = b; }
}
static int disagree(const Instance *i) { return i->r[0] == 1 && i->r[1] == 0 && i->r[2] == 1 && i->r[3] == 0; }

static const Litmus s_litmus[] = {
    {"SB", 2, sb, count_zero}, {"SB+mfence", 2, sb_fence, both_zero}, {"SB+xchg", 2, sb_exchange, both_zero}, {"SB+lock", 2, sb_locked, both_zero},
    {"MP", 2, mp, late}, {"LB", 2, lb, both_one}, {"CoRR", 2, coherence, backwards}, {"2+2W", 2, two_writes, both_first},
    {"WRC", 3, wrc, late}, {"IRIW", 4, iriw, disagree},
};

static const Litmus *s_test;

static void *litmus_thread(void *argument) {
    int t = (int)(intptr_t)argument;
    unsigned seed = 1 + t;
    for (int round = 0; round < s_rounds; round++) {
        if (t == 0) memset(s_instances, 0, sizeof s_instances);
        barrier(s_test->threads);
        // Whoever starts late meets the others in the middle.
        for (int n = rand_r(&seed) % 64; n > 0; n--) __asm__ volatile("");
        for (int k = 0; k < Instances; k++) s_test->run(&s_instances[k], t);
        barrier(s_test->threads);
        if (t != 0) continue;
        for (int k = 0; k < Instances; k++) {
            if (!s_test->forbidden(&s_instances[k])) continue;
            s_failures++;
            printf("%s: round %d, instance %d: x %d y %d r %d %d %d %d\n", s_test->name, round, k, s_instances[k].x, s_instances[k].y,
                s_instances[k].r[0], s_instances[k].r[1], s_instances[k].r[2], s_instances[k].r[3]);
        }
    }
    return NULL;
}

// Counters that no operation may lose, and data that locks must guard.
static struct {
    volatile uint8_t byte;
    volatile uint16_t word;
    volatile uint32_t dword __attribute__((aligned(64)));
    volatile uint64_t added __attribute__((aligned(64))), exchanged_add, compared, incremented, subtracted;
    volatile uint64_t pair[2] __attribute__((aligned(16)));
    volatile uint64_t eight __attribute__((aligned(64)));
    volatile int spin __attribute__((aligned(64)));
    volatile long guarded;
    volatile unsigned next __attribute__((aligned(64))), serving;
    volatile long ticketed;
    volatile uint32_t bit __attribute__((aligned(64)));
    volatile long bit_guarded;
    volatile unsigned sequence __attribute__((aligned(64)));
    volatile long one, two;
    uint8_t split[192] __attribute__((aligned(4096)));
} s;

static volatile int s_torn;

static void give_way(int *n) {
    if (++*n % 64 == 0) sched_yield();
    else __asm__ volatile("pause");
}

static void *counter_thread(void *argument) {
    int t = (int)(intptr_t)argument, tries = 0;
    // Four and eight bytes over the edge of a cache line.
    volatile uint32_t *split4 = (volatile uint32_t *)(s.split + 62);
    volatile uint64_t *split8 = (volatile uint64_t *)(s.split + 123);
    for (int n = 0; n < s_rounds * 4; n++) {
        __asm__ volatile("lock addb $1, %0" : "+m"(s.byte) :: "cc");
        __asm__ volatile("lock addw $1, %0" : "+m"(s.word) :: "cc");
        __asm__ volatile("lock addl $1, %0" : "+m"(s.dword) :: "cc");
        __asm__ volatile("lock addq $3, %0" : "+m"(s.added) :: "cc");
        __asm__ volatile("lock incq %0" : "+m"(s.incremented) :: "cc");
        __asm__ volatile("lock subq $1, %0" : "+m"(s.subtracted) :: "cc");
        uint64_t by = 5;
        __asm__ volatile("lock xaddq %0, %1" : "+r"(by), "+m"(s.exchanged_add) :: "cc");
        for (uint64_t old = s.compared; !__atomic_compare_exchange_n(&s.compared, &old, old + 7, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);) { }
        uint64_t low = s.pair[0], high = s.pair[1];
        for (char done = 0; !done;)
            __asm__ volatile("lock cmpxchg16b %1\n\tsete %0" : "=q"(done), "+m"(s.pair), "+a"(low), "+d"(high) : "b"(low + 1), "c"(high + 2) : "cc", "memory");
        uint32_t low4 = (uint32_t)s.eight, high4 = (uint32_t)(s.eight >> 32);
        for (char done = 0; !done;)
            __asm__ volatile("lock cmpxchg8b %1\n\tsete %0" : "=q"(done), "+m"(s.eight), "+a"(low4), "+d"(high4) : "b"(low4 + 1), "c"(high4 + 1) : "cc", "memory");
        __asm__ volatile("lock addl $1, %0" : "+m"(*split4) :: "cc");
        uint64_t one = 1;
        __asm__ volatile("lock xaddq %0, %1" : "+r"(one), "+m"(*split8) :: "cc");

        for (int held = 1;;) {
            __asm__ volatile("xchgl %0, %1" : "+r"(held), "+m"(s.spin) :: "memory");
            if (!held) break;
            while (s.spin) give_way(&tries);
            held = 1;
        }
        s.guarded = s.guarded + 1;
        __asm__ volatile("movl $0, %0" : "=m"(s.spin) :: "memory");

        unsigned mine = 1;
        __asm__ volatile("lock xaddl %0, %1" : "+r"(mine), "+m"(s.next) :: "memory", "cc");
        while (s.serving != mine) give_way(&tries);
        s.ticketed = s.ticketed + 1;
        __asm__ volatile("incl %0" : "+m"(s.serving) :: "memory", "cc");

        for (char taken = 1; taken; ) {
            __asm__ volatile("lock btsl $9, %1\n\tsetc %0" : "=q"(taken), "+m"(s.bit) :: "memory", "cc");
            if (taken) give_way(&tries);
        }
        s.bit_guarded = s.bit_guarded + 1;
        __asm__ volatile("lock btrl $9, %0" : "+m"(s.bit) :: "memory", "cc");

        if (t == 0) {
            // The one writer of the sequence lock: plain stores suffice.
            s.sequence = s.sequence + 1;
            __asm__ volatile("" ::: "memory");
            s.one = n;
            s.two = -n;
            __asm__ volatile("" ::: "memory");
            s.sequence = s.sequence + 1;
        } else {
            unsigned before = s.sequence;
            long first = s.one, second = s.two;
            if ((before & 1) == 0 && s.sequence == before && first != -second) s_torn++;
        }
    }
    return NULL;
}

static void together(void *(*body)(void *), int threads) {
    pthread_t ids[MostThreads];
    int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    for (int t = 0; t < threads; t++) {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(t % processors, &set);
        pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
        if (pthread_create(&ids[t], &attributes, body, (void *)(intptr_t)t) != 0) exit(3);
    }
    for (int t = 0; t < threads; t++) pthread_join(ids[t], NULL);
}

static void expect(const char *name, uint64_t value, uint64_t wanted) {
    if (value == wanted) return;
    s_failures++;
    printf("%s: %llu, not %llu\n", name, (unsigned long long)value, (unsigned long long)wanted);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    s_threads = atoi(arguments[1]);
    s_rounds = atoi(arguments[2]);
    if (s_threads < 2 || s_threads > MostThreads || sysconf(_SC_NPROCESSORS_ONLN) < 2) return 2;
    for (size_t n = 0; n < sizeof s_litmus / sizeof *s_litmus; n++) {
        s_test = &s_litmus[n];
        if (s_test->threads > s_threads) continue;
        together(litmus_thread, s_test->threads);
        printf("%s done\n", s_test->name);
    }
    together(counter_thread, s_threads);
    uint64_t total = (uint64_t)s_threads * s_rounds * 4;
    expect("lock addb", s.byte, (uint8_t)total);
    expect("lock addw", s.word, (uint16_t)total);
    expect("lock addl", s.dword, (uint32_t)total);
    expect("lock addq", s.added, total * 3);
    expect("lock incq", s.incremented, total);
    expect("lock subq", s.subtracted, -total);
    expect("lock xaddq", s.exchanged_add, total * 5);
    expect("lock cmpxchg", s.compared, total * 7);
    expect("lock cmpxchg16b, low", s.pair[0], total);
    expect("lock cmpxchg16b, high", s.pair[1], total * 2);
    expect("lock cmpxchg8b", s.eight, total | total << 32);
    uint32_t split4;
    uint64_t split8;
    memcpy(&split4, s.split + 62, sizeof split4);
    memcpy(&split8, s.split + 123, sizeof split8);
    expect("split lock addl", split4, (uint32_t)total);
    expect("split lock xaddq", split8, total);
    expect("spin lock", (uint64_t)s.guarded, total);
    expect("ticket lock", (uint64_t)s.ticketed, total);
    expect("bit lock", (uint64_t)s.bit_guarded, total);
    expect("torn reads under the sequence lock", (uint64_t)s_torn, 0);
    printf("counters done\n");
    fprintf(stderr, "stores were seen late %d times in %d\n", s_relaxed, s_rounds * Instances);
    return s_failures ? 1 : 0;
}
