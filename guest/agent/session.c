// The loop: requests from the channel, output of processes to it, within the credit each stream has.
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void leave(uint32_t reason) {
    kill_all();
    send_u32(REP_BYE, 0, 0, reason);
    flush_blocking();
    power_off();
}

// The stream cannot be trusted after this: there is no place to go on from.
static void violated(const char *what) {
    send_failed(0, 125, EPROTO, "protocol: %s", what);
    leave(1);
}

static void handle_start(uint32_t id, struct reader *reader) {
    struct start start = {.flags = read_u8(reader), .rows = read_u16(reader), .columns = read_u16(reader), .umask = read_u32(reader)};
    start.args = read_strings(reader);
    start.env = read_strings(reader);
    start.cwd = read_string(reader);
    start.user = read_string(reader);
    start.groups = read_strings(reader);
    start.limit_count = read_u32(reader);
    if (start.limit_count > sizeof start.limits / sizeof *start.limits) {
        reader->bad = true;
        start.limit_count = 0;
    }
    for (uint32_t i = 0; i < start.limit_count; i++) {
        start.limits[i].resource = read_u32(reader);
        start.limits[i].soft = read_u64(reader);
        start.limits[i].hard = read_u64(reader);
    }
    if (reader->bad || reader->at != reader->end)
        send_failed(id, 125, EINVAL, "malformed start request");
    else
        start_process(id, &start);
    free_strings(&start.args);
    free_strings(&start.env);
    free_strings(&start.groups);
    free(start.cwd);
    free(start.user);
}

static void close_input(struct process *process) {
    if (process->in >= 0)
        close(process->in);
    process->in = -1;
    buffer_free(&process->pending);
}

static void handle_input(struct process *process, const struct frame *frame) {
    if (frame->length > process->in_granted)
        violated("more input than was granted");
    process->in_granted -= frame->length;
    if (process->in >= 0 && !process->in_ending)
        buffer_append(&process->pending, frame->payload, frame->length);
    else
        process->ungranted += frame->length; // nobody reads it: let the sender go on
}

static void handle_shutdown(uint32_t grace) {
    if (agent.leaving)
        return;
    agent.leaving = true;
    agent.kill_at = now_milliseconds() + grace + 1;
    for (int i = 0; i < MAX_PROCESSES; i++)
        if (agent.processes[i].used && agent.processes[i].pid > 0)
            kill(agent.processes[i].pid, SIGTERM);
}

// Answered in its turn: the kernel has done, or refused, it by then.
static void handle_change(const struct frame *frame, struct reader *reader) {
    if (!agent.ready)
        send_failed(frame->id, 125, EINVAL, "the machine is not set up yet");
    else if (frame->type == REQ_ADD_CARD ? add_card(reader) : frame->type == REQ_REMOVE_CARD ? remove_card(reader) : configure_network(reader))
        send_frame(REP_DONE, 0, frame->id, NULL, 0);
}

static void handle(const struct frame *frame) {
    struct reader reader = {frame->payload, frame->payload + frame->length, false};
    struct process *process = find_process(frame->id);
    uint32_t value;
    agent.request = frame->id;
    if (!agent.greeted && frame->type != REQ_HELLO)
        violated("the first frame must be a greeting");
    switch (frame->type) {
    case REQ_HELLO: {
        uint32_t magic = read_u32(&reader), version = read_u32(&reader);
        if (reader.bad || magic != MAGIC || version != PROTOCOL_VERSION)
            violated("the greeting has another magic number or version");
        struct utsname system;
        uname(&system);
        uint8_t payload[12 + sizeof system.release] = {'B', 'R', 'T', 'H', PROTOCOL_VERSION, 0, 0, 0, (uint8_t)strlen(system.release)};
        memcpy(payload + 12, system.release, strlen(system.release));
        send_frame(REP_HELLO, 0, 0, payload, 12 + strlen(system.release));
        agent.greeted = true;
        break;
    }
    case REQ_SETUP:
        if (agent.ready)
            send_failed(0, 125, EALREADY, "the machine is set up already");
        else if (set_up(&reader)) {
            agent.ready = true;
            send_frame(REP_READY, 0, 0, NULL, 0);
        }
        break;
    case REQ_START:
        if (!agent.ready || agent.leaving)
            send_failed(frame->id, 125, EINVAL, agent.leaving ? "the machine is shutting down" : "the machine is not set up yet");
        else
            handle_start(frame->id, &reader);
        break;
    // A process may have ended while these were under way: that is no error.
    case REQ_INPUT:
        if (process)
            handle_input(process, frame);
        break;
    case REQ_INPUT_END:
        if (process)
            process->in_ending = true;
        break;
    case REQ_SIGNAL:
        value = read_u32(&reader);
        if (reader.bad || value == 0 || value > 64)
            send_failed(frame->id, 125, EINVAL, "no such signal: %u", value);
        else if (process && process->pid > 0)
            kill(process->pid, (int)value);
        break;
    case REQ_RESIZE: {
        struct winsize size = {.ws_row = read_u16(&reader), .ws_col = read_u16(&reader)};
        if (!reader.bad && process && process->tty && process->out[0] >= 0)
            ioctl(process->out[0], TIOCSWINSZ, &size);
        break;
    }
    case REQ_CREDIT:
        value = read_u32(&reader);
        if (process && !reader.bad && frame->flags >= 1 && frame->flags <= 2) {
            uint32_t *credit = &process->credit[frame->flags - 1];
            if (value > WINDOW || *credit + value > WINDOW)
                violated("more credit than a window");
            *credit += value;
        }
        break;
    case REQ_STATS:
        send_stats(frame->id);
        break;
    case REQ_SHUTDOWN:
        value = read_u32(&reader);
        handle_shutdown(reader.bad ? 0 : value);
        break;
    case REQ_ADD_CARD:
    case REQ_REMOVE_CARD:
    case REQ_CONFIGURE_NETWORK:
        handle_change(frame, &reader);
        break;
    case REQ_LAYER:
        start_layer(frame->id);
        break;
    default:
        send_failed(frame->id, 125, ENOSYS, "unknown request %u", frame->type);
    }
}

static void receive(void) {
    uint8_t bytes[65536];
    ssize_t count = read(agent.channel, bytes, sizeof bytes);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        if (!agent.greeted && !agent.native) {
            usleep(10000); // the host has not opened its end yet
            return;
        }
        kill_all();
        power_off(); // without a host there is nobody to run for
    }
    if (count > 0)
        buffer_append(&agent.in, bytes, (size_t)count);
}

static void handle_frames(void) {
    struct frame frame;
    int found = 0;
    while (buffer_length(&agent.out) < QUEUE_HIGH && (found = next_frame(&agent.in, &frame)) > 0) {
        handle(&frame);
        buffer_consume(&agent.in, HEADER_SIZE + frame.length);
    }
    if (found < 0)
        violated("a frame is longer than 65536 bytes or its reserved bytes are not zero");
}

static void transmit(void) {
    ssize_t count = write(agent.channel, agent.out.data + agent.out.start, buffer_length(&agent.out));
    if (count > 0)
        buffer_consume(&agent.out, (size_t)count);
    else if (count < 0 && errno != EAGAIN && errno != EINTR) {
        kill_all();
        power_off();
    }
}

static void reap(void) {
    struct signalfd_siginfo info;
    while (read(agent.signals, &info, sizeof info) == (ssize_t)sizeof info) {
    }
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        process_ended(pid, status);
}

static void take_output(struct process *process, int stream) {
    uint8_t bytes[16384];
    size_t most = process->credit[stream] < sizeof bytes ? process->credit[stream] : sizeof bytes;
    ssize_t count = read(process->out[stream], bytes, most);
    if (count > 0) {
        process->credit[stream] -= (uint32_t)count;
        send_frame(REP_OUTPUT, (uint8_t)(stream + 1), process->id, bytes, (size_t)count);
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) { // EIO: the last holder of the terminal is gone
        close(process->out[stream]);
        process->out[stream] = -1;
        send_frame(REP_OUTPUT_END, (uint8_t)(stream + 1), process->id, NULL, 0);
    }
}

static void give_input(struct process *process) {
    ssize_t count = write(process->in, process->pending.data + process->pending.start, buffer_length(&process->pending));
    if (count > 0) {
        buffer_consume(&process->pending, (size_t)count);
        process->ungranted += (uint32_t)count;
    } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
        process->ungranted += (uint32_t)buffer_length(&process->pending);
        close_input(process);
    }
}

// What follows from a process's state, whatever changed it.
static void tidy(struct process *process) {
    if (process->in_ending && process->in >= 0 && buffer_length(&process->pending) == 0) {
        if (process->tty) { // a terminal has no end of file but the character for it
            uint8_t end = 4;
            ssize_t ignored = write(process->in, &end, 1);
            (void)ignored;
        }
        close_input(process);
    }
    if (process->ungranted >= WINDOW / 4 || (process->ungranted && process->in < 0)) {
        process->in_granted += process->ungranted;
        send_u32(REP_CREDIT, 0, process->id, process->ungranted);
        process->ungranted = 0;
    }
    if (process->pid == 0 && process->out[0] < 0 && process->out[1] < 0) {
        close_input(process);
        memset(process, 0, sizeof *process);
    }
}

enum { FIRST = 2, PER_PROCESS = 3 };

static void wait_for_events(struct pollfd *wait) {
    bool room = buffer_length(&agent.out) < QUEUE_HIGH;
    wait[0] = (struct pollfd){.fd = agent.channel, .events = (short)((room ? POLLIN : 0) | (buffer_length(&agent.out) ? POLLOUT : 0))};
    wait[1] = (struct pollfd){.fd = agent.signals, .events = POLLIN};
    for (int i = 0; i < MAX_PROCESSES; i++) {
        struct process *process = &agent.processes[i];
        struct pollfd *entry = wait + FIRST + PER_PROCESS * i;
        entry[0] = entry[1] = entry[2] = (struct pollfd){.fd = -1};
        if (!process->used)
            continue;
        if (process->in >= 0 && buffer_length(&process->pending))
            entry[0] = (struct pollfd){.fd = process->in, .events = POLLOUT};
        for (int stream = 0; stream < 2; stream++)
            if (room && process->out[stream] >= 0 && process->credit[stream])
                entry[stream + 1] = (struct pollfd){.fd = process->out[stream], .events = POLLIN};
    }
    int64_t left = agent.kill_at ? agent.kill_at - now_milliseconds() : -1;
    int timeout = !agent.kill_at ? -1 : left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
    if (poll(wait, FIRST + PER_PROCESS * MAX_PROCESSES, timeout) < 0)
        for (int i = 0; i < FIRST + PER_PROCESS * MAX_PROCESSES; i++)
            wait[i].revents = 0;
}

static bool any_process(bool running) {
    for (int i = 0; i < MAX_PROCESSES; i++)
        if (agent.processes[i].used && (agent.processes[i].pid > 0 || !running))
            return true;
    return false;
}

void serve(void) {
    static struct pollfd wait[FIRST + PER_PROCESS * MAX_PROCESSES];
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    signal(SIGPIPE, SIG_IGN);
    agent.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
        handle_frames();
        for (int i = 0; i < MAX_PROCESSES; i++)
            if (agent.processes[i].used)
                tidy(&agent.processes[i]);
        // Output still on its way is waited for, but not for ever.
        bool is_time = agent.kill_at && now_milliseconds() >= agent.kill_at;
        if (agent.leaving && !any_process(true) && (is_time || !any_process(false)))
            leave(0);
        if (is_time) {
            kill_all();
            agent.kill_at = now_milliseconds() + 1000;
        }
        wait_for_events(wait);
        if (wait[0].revents & POLLOUT)
            transmit();
        if (wait[0].revents & (POLLIN | POLLHUP | POLLERR))
            receive();
        if (wait[1].revents)
            reap();
        for (int i = 0; i < MAX_PROCESSES; i++) {
            struct process *process = &agent.processes[i];
            struct pollfd *entry = wait + FIRST + PER_PROCESS * i;
            if (entry[0].revents)
                give_input(process);
            for (int stream = 0; stream < 2; stream++)
                if (entry[stream + 1].revents)
                    take_output(process, stream);
        }
    }
}
