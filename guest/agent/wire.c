// Bytes of the channel: queues, frames, the reader of payloads.
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *allocate(size_t size) {
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        die("out of memory");
    return memory;
}

size_t buffer_length(const struct buffer *buffer) { return buffer->end - buffer->start; }

void buffer_append(struct buffer *buffer, const void *data, size_t size) {
    if (size == 0)
        return;
    if (buffer->capacity - buffer->end < size) {
        size_t length = buffer_length(buffer);
        if (buffer->capacity - length >= size && buffer->start >= length) {
            memcpy(buffer->data, buffer->data + buffer->start, length);
        } else {
            size_t capacity = buffer->capacity ? buffer->capacity : 4096;
            while (capacity - length < size)
                capacity *= 2;
            uint8_t *grown = allocate(capacity);
            if (length)
                memcpy(grown, buffer->data + buffer->start, length);
            free(buffer->data);
            buffer->data = grown;
            buffer->capacity = capacity;
        }
        buffer->start = 0;
        buffer->end = length;
    }
    memcpy(buffer->data + buffer->end, data, size);
    buffer->end += size;
}

void buffer_consume(struct buffer *buffer, size_t size) {
    buffer->start += size;
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
}

void buffer_free(struct buffer *buffer) {
    free(buffer->data);
    memset(buffer, 0, sizeof *buffer);
}

static uint64_t read_little(struct reader *reader, size_t size) {
    if (reader->bad || (size_t)(reader->end - reader->at) < size) {
        reader->bad = true;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += size;
    return value;
}

uint8_t read_u8(struct reader *reader) { return (uint8_t)read_little(reader, 1); }
uint16_t read_u16(struct reader *reader) { return (uint16_t)read_little(reader, 2); }
uint32_t read_u32(struct reader *reader) { return (uint32_t)read_little(reader, 4); }
uint64_t read_u64(struct reader *reader) { return read_little(reader, 8); }

char *read_string(struct reader *reader) {
    uint32_t length = read_u32(reader);
    if (reader->bad || (size_t)(reader->end - reader->at) < length || memchr(reader->at, 0, length)) {
        reader->bad = true;
        length = 0;
    }
    char *text = allocate((size_t)length + 1);
    memcpy(text, reader->at, length);
    reader->at += length;
    return text;
}

struct strings read_strings(struct reader *reader) {
    struct strings strings = {0};
    uint32_t count = read_u32(reader);
    // Each string takes four bytes at least: a count can promise no more than the payload holds.
    if (reader->bad || count > MAX_STRINGS || count > (size_t)(reader->end - reader->at) / 4) {
        reader->bad = true;
        count = 0;
    }
    strings.items = allocate(((size_t)count + 2) * sizeof *strings.items);
    for (; strings.count < count; strings.count++)
        strings.items[strings.count] = read_string(reader);
    return strings;
}

void free_strings(struct strings *strings) {
    for (uint32_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    memset(strings, 0, sizeof *strings);
}

int next_frame(struct buffer *buffer, struct frame *frame) {
    if (buffer_length(buffer) < HEADER_SIZE)
        return 0;
    struct reader header = {buffer->data + buffer->start, buffer->data + buffer->end, false};
    frame->length = read_u32(&header);
    frame->type = read_u8(&header);
    frame->flags = read_u8(&header);
    uint16_t reserved = read_u16(&header);
    frame->id = read_u32(&header);
    if (frame->length > MAX_PAYLOAD || reserved != 0)
        return -1;
    if (buffer_length(buffer) < HEADER_SIZE + frame->length)
        return 0;
    frame->payload = header.at;
    return 1;
}

void send_frame(uint8_t type, uint8_t flags, uint32_t id, const void *payload, size_t length) {
    uint32_t size = (uint32_t)length;
    uint8_t header[HEADER_SIZE] = {
        (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24), type, flags, 0, 0,
        (uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16), (uint8_t)(id >> 24),
    };
    buffer_append(&agent.out, header, sizeof header);
    buffer_append(&agent.out, payload, length);
}

void send_u32(uint8_t type, uint8_t flags, uint32_t id, uint32_t value) {
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    send_frame(type, flags, id, bytes, sizeof bytes);
}

void send_failed(uint32_t id, uint32_t code, int error, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    uint8_t payload[12 + sizeof text];
    uint32_t length = (uint32_t)strlen(text), words[3] = {code, (uint32_t)error, length};
    for (size_t i = 0; i < sizeof words; i++)
        payload[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
    memcpy(payload + sizeof words, text, length);
    send_frame(REP_FAILED, 0, id, payload, sizeof words + length);
}

void send_log(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_frame(REP_LOG, 0, 0, text, strlen(text));
}

// The last words before the machine goes: at most two seconds are spent on a host that does not listen.
void flush_blocking(void) {
    int64_t until = now_milliseconds() + 2000;
    while (buffer_length(&agent.out) && now_milliseconds() < until) {
        ssize_t count = write(agent.channel, agent.out.data + agent.out.start, buffer_length(&agent.out));
        if (count > 0) {
            buffer_consume(&agent.out, (size_t)count);
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = agent.channel, .events = POLLOUT};
            poll(&wait, 1, 100);
        } else if (errno != EINTR) {
            return;
        }
    }
}
