// What language run-times and databases do: byte code, boxed values, trees of pages.
#include <stdlib.h>
#include <string.h>
#include "programs.h"

uint64_t indirect(void)
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

// A stack machine on boxed, counted values, as interpreters of dynamic languages are.
typedef struct value {
    int count, kind;
    int64_t number;
    struct value *next;
} value;

static value *unused;

static value *box(int64_t number)
{
    value *v = unused;
    if (v) unused = v->next;
    else v = malloc(sizeof *v);
    v->count = 1, v->kind = 1, v->number = number;
    return v;
}

static void release(value *v)
{
    if (--v->count == 0) v->next = unused, unused = v;
}

__attribute__((noinline)) static value *add(value *a, value *b)
{
    value *r = a->kind == 1 && b->kind == 1 ? box(a->number + b->number) : NULL;
    release(a), release(b);
    return r;
}

__attribute__((noinline)) static int less(value *a, value *b)
{
    int r = a->kind == 1 && b->kind == 1 && a->number < b->number;
    release(a), release(b);
    return r;
}

uint64_t interpreter(void)
{
    enum { PUSH, LOAD, STORE, ADD, XOR, LESS, JUMP_IF, END };
    static const uint8_t code[] = {LOAD, 0, LOAD, 1, ADD, STORE, 1, LOAD, 1, LOAD, 0, XOR, STORE, 2, LOAD, 0, PUSH, 1, ADD, STORE, 0, LOAD, 0, LOAD, 3, LESS, JUMP_IF, 0, END};
    value *locals[4] = {box(0), box(0), box(0), box(1500000)}, *stack[8];
    int sp = 0;
    for (const uint8_t *p = code;;) {
        switch (*p++) {
        case PUSH: stack[sp++] = box(*p++); break;
        case LOAD: (stack[sp++] = locals[*p++])->count++; break;
        case STORE: release(locals[*p]), locals[*p++] = stack[--sp]; break;
        case ADD: sp--, stack[sp - 1] = add(stack[sp - 1], stack[sp]); break;
        case XOR: {
            value *a = stack[sp - 2], *b = stack[sp - 1], *r = box(a->number ^ b->number);
            release(a), release(b);
            stack[--sp - 1] = r;
            break;
        }
        case LESS: sp -= 2, stack[sp] = (value *)(intptr_t)less(stack[sp], stack[sp + 1]), sp++; break;
        case JUMP_IF: p = stack[--sp] ? code + *p : p + 1; break;
        case END: {
            uint64_t result = locals[1]->number ^ locals[2]->number;
            for (int i = 0; i < 4; i++) release(locals[i]);
            return result;
        }
        }
    }
}

// A b-tree of pages of bytes: cells with keys of various length behind an array of offsets, as SQLite lays them out.
enum { PAGE = 4096, ROOM = 120 };

typedef struct page {
    uint16_t count, leaf, end, offsets[ROOM];
    struct page *children[ROOM + 1];
    uint8_t cells[PAGE];
} page;

static int order(const page *p, int i, const uint8_t *key, int length)
{
    const uint8_t *cell = p->cells + p->offsets[i];
    int n = cell[0] < length ? cell[0] : length, r = memcmp(cell + 1, key, n);
    return r ? r : cell[0] - length;
}

static int search(const page *p, const uint8_t *key, int length, int *found)
{
    int low = 0, high = p->count;
    *found = 0;
    while (low < high) {
        int middle = (low + high) / 2, r = order(p, middle, key, length);
        if (r == 0) {
            *found = 1;
            return middle;
        }
        if (r < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void put(page *p, int i, const uint8_t *cell, page *right)
{
    int size = cell[0] + 1;
    memmove(p->offsets + i + 1, p->offsets + i, (p->count - i) * sizeof *p->offsets);
    memmove(p->children + i + 2, p->children + i + 1, (p->count - i) * sizeof *p->children);
    p->offsets[i] = p->end;
    p->children[i + 1] = right;
    memcpy(p->cells + p->end, cell, size);
    p->end += size;
    p->count++;
}

static page *split(page *p, uint8_t *middle)
{
    page *right = calloc(1, sizeof *right), *left = calloc(1, sizeof *left);
    right->leaf = left->leaf = p->leaf;
    int half = p->count / 2;
    left->children[0] = p->children[0];
    for (int i = 0; i < half; i++) put(left, i, p->cells + p->offsets[i], p->children[i + 1]);
    const uint8_t *cell = p->cells + p->offsets[half];
    memcpy(middle, cell, cell[0] + 1);
    right->children[0] = p->children[half + 1];
    for (int i = half + 1; i < p->count; i++) put(right, right->count, p->cells + p->offsets[i], p->children[i + 1]);
    *p = *left;
    free(left);
    return right;
}

static void insert(page **root, const uint8_t *cell)
{
    page *path[16], *p = *root;
    int places[16], depth = 0, found;
    for (;;) {
        int i = search(p, cell + 1, cell[0], &found);
        if (found) return;
        path[depth] = p, places[depth++] = i;
        if (p->leaf) break;
        p = p->children[i];
    }
    uint8_t up[256], middle[256];
    memcpy(up, cell, cell[0] + 1);
    page *right = NULL;
    while (depth-- > 0) {
        p = path[depth];
        put(p, places[depth], up, right);
        if (p->count < ROOM - 1 && p->end < PAGE - 64) return;
        right = split(p, middle);
        memcpy(up, middle, middle[0] + 1);
    }
    page *top = calloc(1, sizeof *top);
    top->children[0] = *root;
    put(top, 0, up, right);
    *root = top;
}

static void drop(page *p)
{
    for (int i = 0; !p->leaf && i <= p->count; i++) drop(p->children[i]);
    free(p);
}

static int key(uint64_t number, uint8_t *cell)
{
    cell[0] = 8 + number % 24;
    for (int i = 1; i <= cell[0]; i++) cell[i] = 'a' + (number = number * 6364136223846793005ull + 1442695040888963407ull) % 26 * (i > 2);
    for (int i = 0; i < 8; i++) cell[1 + i] ^= number >> (56 - 8 * i);
    return cell[0];
}

uint64_t btree(void)
{
    page *root = calloc(1, sizeof *root);
    root->leaf = 1;
    uint8_t cell[64];
    uint64_t sum = 0;
    for (int i = 0; i < 60000; i++) {
        key(next() % 50000, cell);
        insert(&root, cell);
    }
    for (int i = 0; i < 200000; i++) {
        int found = 0, length = key(next() % 60000, cell);
        for (page *p = root; !found;) {
            int at = search(p, cell + 1, length, &found);
            if (found) sum += at;
            if (p->leaf) break;
            p = p->children[at];
        }
    }
    drop(root);
    return sum;
}
