// What the programs share. Each does a fixed piece of work and returns a checksum of it.
#include <stdint.h>
#include <stddef.h>

#define PROGRAMS(X) \
    X(alu) X(crc) X(sieve) X(chase) X(sort) X(hash) X(compress) X(recursion) X(btree) X(regex) X(strings) \
    X(indirect) X(interpreter) X(matrix) X(nbody) X(avx) X(x87) X(copy) \
    X(syscalls) X(processes) X(exec) X(faults) X(switches) X(parallel)

#define DECLARE(name) uint64_t name(void);
PROGRAMS(DECLARE)

// A random number; the same sequence in every program.
uint64_t next(void);

// The path of the program itself.
extern const char *self;
