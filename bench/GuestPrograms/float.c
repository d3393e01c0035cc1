// Floating point: x87, scalar SSE and AVX.
#include <math.h>
#include "programs.h"

uint64_t matrix(void)
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

uint64_t nbody(void)
{
    enum { N = 5 };
    static double at[N][3], speed[N][3], mass[N];
    for (int i = 0; i < N; i++) {
        mass[i] = 1.0 + i;
        for (int k = 0; k < 3; k++) at[i][k] = next() % 1000 / 100.0, speed[i][k] = next() % 100 / 1000.0;
    }
    for (int step = 0; step < 300000; step++) {
        for (int i = 0; i < N; i++)
            for (int j = i + 1; j < N; j++) {
                double d[3], square = 0.01;
                for (int k = 0; k < 3; k++) d[k] = at[i][k] - at[j][k], square += d[k] * d[k];
                double pull = 0.001 / (square * sqrt(square));
                for (int k = 0; k < 3; k++) speed[i][k] -= d[k] * mass[j] * pull, speed[j][k] += d[k] * mass[i] * pull;
            }
        for (int i = 0; i < N; i++)
            for (int k = 0; k < 3; k++) at[i][k] += 0.001 * speed[i][k];
    }
    return (uint64_t)((at[0][0] + 1000) * 1e6);
}

// A product of matrices of floats, by fused multiplication and addition of eight at once.
__attribute__((target("avx2,fma"), optimize("O3,fast-math"))) uint64_t avx(void)
{
    enum { N = 256 };
    static float a[N][N] __attribute__((aligned(32))), b[N][N] __attribute__((aligned(32))), c[N][N] __attribute__((aligned(32)));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) a[i][j] = next() % 16, b[i][j] = next() % 16, c[i][j] = 0;
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++) c[i][j] += a[i][k] * b[k][j];
    return (uint64_t)c[7][9];
}

uint64_t x87(void)
{
    long double x = 0.5L, y = 1.25L;
    for (int i = 0; i < 20000000; i++) {
        x = x * y + 0.125L;
        if (x > 1000.0L) x = x / 1024.0L;
    }
    return (uint64_t)(x * 1000);
}
