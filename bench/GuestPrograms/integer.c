// Integer work: arithmetic, tables, searching and sorting.
#include <stdlib.h>
#include <string.h>
#include "programs.h"

uint64_t alu(void)
{
    uint64_t a = 1, b = 2;
    for (int i = 0; i < 60000000; i++) {
        a = a * 33 + (b >> 3);
        b ^= a + i;
    }
    return a ^ b;
}

uint64_t crc(void)
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

uint64_t sieve(void)
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

uint64_t chase(void)
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

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t sort(void)
{
    enum { N = 400000 };
    static uint64_t data[N];
    for (int i = 0; i < N; i++) data[i] = next();
    qsort(data, N, sizeof *data, compare);
    return data[N / 2];
}

uint64_t hash(void)
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

__attribute__((noinline)) static uint64_t fib(unsigned n)
{
    uint64_t result = n < 2 ? n : fib(n - 1) + fib(n - 2);
    __asm__ volatile("" : "+r"(result));
    return result;
}

uint64_t recursion(void) { return fib(35); }
