// The program that is process 1 of a Berth machine: it mounts the image, runs its processes and serves them over one channel.
// The protocol is described in docs/guest-protocol.md.
#ifndef BERTH_AGENT_H
#define BERTH_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROTOCOL_VERSION = 4,
    MAGIC = 0x48545242, // "BRTH"
    HEADER_SIZE = 12,
    MAX_PAYLOAD = 65536,
    WINDOW = 131072, // bytes of each stream under way without being granted
    MAX_PROCESSES = 256,
    MAX_STRINGS = 8192,
    QUEUE_HIGH = 1 << 20, // above this much unsent output nothing more is read, neither streams nor requests
};

enum request { // host to guest
    REQ_HELLO = 1, REQ_SETUP, REQ_START, REQ_INPUT, REQ_INPUT_END, REQ_SIGNAL, REQ_RESIZE, REQ_CREDIT, REQ_STATS, REQ_SHUTDOWN,
    REQ_ADD_CARD, REQ_REMOVE_CARD, REQ_CONFIGURE_NETWORK, REQ_LAYER,
};

enum reply { // guest to host
    REP_HELLO = 129, REP_READY, REP_STARTED, REP_OUTPUT, REP_OUTPUT_END, REP_EXITED, REP_FAILED, REP_CREDIT, REP_STATS, REP_BYE, REP_LOG,
    REP_DONE,
};

enum start_flag { START_TTY = 1, START_MAIN = 2, START_STDIN = 4, START_INIT = 8, START_NO_NEW_PRIVILEGES = 16 };

enum root_kind { ROOT_NONE, ROOT_OVERLAY, ROOT_DISK, ROOT_DIRECTORY, ROOT_LAYER };

// A growing queue of bytes.
struct buffer {
    uint8_t *data;
    size_t start, end, capacity;
};

// Reads a payload; after the first read past its end everything is zero and `bad` is set.
struct reader {
    const uint8_t *at, *end;
    bool bad;
};

struct strings {
    char **items; // ends with NULL
    uint32_t count;
};

struct frame {
    uint8_t type, flags;
    uint32_t id;
    const uint8_t *payload;
    uint32_t length;
};

struct limit {
    uint32_t resource;
    uint64_t soft, hard;
};

struct start {
    uint8_t flags;
    uint16_t rows, columns;
    uint32_t umask;
    struct strings args, env, groups;
    char *cwd, *user;
    struct limit limits[16];
    uint32_t limit_count;
};

struct credentials {
    uid_t uid;
    gid_t gid;
    gid_t groups[256];
    size_t group_count;
    char home[1024];
};

struct process {
    uint32_t id;
    pid_t pid; // 0: has ended, output may still come
    bool used, tty, main;
    int in, out[2]; // -1: closed
    bool in_ending; // close `in` once its buffer is written
    struct buffer pending; // input not yet taken
    uint32_t in_granted; // input bytes the host may still send
    uint32_t ungranted; // input bytes written but not yet granted anew
    uint32_t credit[2]; // output bytes the host takes
    uint64_t oom_kills; // of the kernel, when it began
};

struct agent {
    int channel;
    bool native; // not process 1 of a machine: mounts no kernel file systems of its own, ends by exit
    bool greeted, ready, leaving;
    bool has_root; // the root and its files are the machine's own
    bool gives_layer; // what is changed below it becomes a layer: the agent's own files stay out
    uint32_t request; // id of the request that is being answered; 0: the set-up
    int64_t kill_at; // monotonic milliseconds; 0: not asked for
    struct buffer in, out;
    struct process processes[MAX_PROCESSES];
    int main_pid_ns, main_mount_ns, own_pid_ns; // -1: no main process
    int signals;
    int upper; // what processes change, when it is to become a layer; else -1
};

extern struct agent agent;

// wire.c
void *allocate(size_t size);
void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_consume(struct buffer *buffer, size_t size);
size_t buffer_length(const struct buffer *buffer);
void buffer_free(struct buffer *buffer);
uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
char *read_string(struct reader *reader); // to be freed; never NULL
struct strings read_strings(struct reader *reader);
void free_strings(struct strings *strings);
int next_frame(struct buffer *buffer, struct frame *frame); // 1: got one, 0: more is needed, -1: no frame
void send_frame(uint8_t type, uint8_t flags, uint32_t id, const void *payload, size_t length);
void send_u32(uint8_t type, uint8_t flags, uint32_t id, uint32_t value);
void send_failed(uint32_t id, uint32_t code, int error, const char *format, ...) __attribute__((format(printf, 4, 5)));
void send_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void flush_blocking(void);

// machine.c
void start_machine(void);
int open_channel(void);
void set_oom_adjustment(const char *value);
void power_off(void) __attribute__((noreturn));
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

// root.c
bool set_up(struct reader *reader);
bool make_directories(const char *path, mode_t mode);
bool write_network_files(const char *hosts, const char *resolver); // empty ones leave what is there
int mount_process_view(void);

// network.c
bool set_up_network(struct reader *reader);
bool add_card(struct reader *reader);
bool remove_card(struct reader *reader);
bool configure_network(struct reader *reader);

// users.c
const char *find_credentials(const char *user, const struct strings *more, struct credentials *found); // NULL, or what is wrong

// process.c
bool start_process(uint32_t id, struct start *start);
bool start_layer(uint32_t id);
struct process *find_process(uint32_t id);
void process_ended(pid_t pid, int status);
void kill_all(void);

// layer.c
void write_layer(int upper) __attribute__((noreturn)); // to standard output

// session.c
void serve(void) __attribute__((noreturn));
int64_t now_milliseconds(void);
uint64_t count_oom_kills(void);
void send_stats(uint32_t id);

#endif
