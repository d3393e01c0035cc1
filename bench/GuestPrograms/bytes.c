// Text and bytes: formatting, regular expressions, compression, copying.
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include "programs.h"

uint64_t strings(void)
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

uint64_t regex(void)
{
    static char line[256];
    static const char *words[] = {"GET", "/index.html", "2024-05-17", "error", "user@example.org", "127.0.0.1", "0x7ffe", "timeout"};
    regex_t date, mail, address;
    if (regcomp(&date, "[0-9]{4}-[0-9]{2}-[0-9]{2}", REG_EXTENDED) || regcomp(&mail, "[a-z]+@([a-z]+\\.)+(com|org)", REG_EXTENDED)
        || regcomp(&address, "(([0-9]{1,3})\\.){3}[0-9]{1,3}", REG_EXTENDED)) return 0;
    uint64_t sum = 0;
    for (int i = 0; i < 6000; i++) {
        int length = 0;
        for (int k = 0; k < 8; k++) length += sprintf(line + length, "%s ", words[next() % 8]);
        regmatch_t match[1];
        if (regexec(&date, line, 1, match, 0) == 0) sum += match[0].rm_so;
        if (regexec(&mail, line, 1, match, 0) == 0) sum += match[0].rm_eo;
        if (regexec(&address, line, 1, match, 0) == 0) sum += match[0].rm_so;
    }
    regfree(&date), regfree(&mail), regfree(&address);
    return sum;
}

// A dictionary coder: hash chains of three bytes, greedy matches, and the way back.
uint64_t compress(void)
{
    enum { N = 1 << 19, BITS = 15 };
    static uint8_t data[N], packed[N * 2], back[N];
    static int32_t head[1 << BITS], chain[N];
    for (int i = 0; i < N;) {
        int from = i > 4096 && next() % 4 ? i - 1 - next() % 4000 : -1, length = 3 + next() % 40;
        for (int k = 0; k < length && i < N; k++, i++) data[i] = from < 0 ? "etaoin shrdlu"[next() % 13] : data[from + k];
    }
    memset(head, -1, sizeof head);
    int out = 0;
    for (int i = 0; i < N;) {
        int best = 0, place = 0;
        if (i + 3 < N) {
            uint32_t h = (data[i] | data[i + 1] << 8 | data[i + 2] << 16) * 2654435761u >> (32 - BITS);
            int tries = 16;
            for (int at = head[h]; at >= 0 && i - at < 65535 && tries-- > 0; at = chain[at]) {
                int length = 0;
                while (length < 255 && i + length < N && data[at + length] == data[i + length]) length++;
                if (length > best) best = length, place = i - at;
            }
            chain[i] = head[h];
            head[h] = i;
        }
        if (best >= 4) {
            packed[out++] = 1, packed[out++] = best, packed[out++] = place, packed[out++] = place >> 8;
            i += best;
        } else packed[out++] = 0, packed[out++] = data[i++];
    }
    int at = 0;
    for (int i = 0; i < out;) {
        if (packed[i] == 0) {
            back[at++] = packed[i + 1];
            i += 2;
            continue;
        }
        int length = packed[i + 1], distance = packed[i + 2] | packed[i + 3] << 8;
        for (int k = 0; k < length; k++, at++) back[at] = back[at - distance];
        i += 4;
    }
    return at == N && memcmp(back, data, N) == 0 ? (uint64_t)out : 0;
}

uint64_t copy(void)
{
    static uint8_t a[1 << 20], b[1 << 20];
    for (int i = 0; i < 2000; i++) {
        memcpy(b, a, sizeof a);
        a[i] = b[i + 1] + 1;
    }
    return b[5];
}
