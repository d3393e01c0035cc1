// Starting, finding and ending processes.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// What a child says through its pipe when it could not become the program.
struct trouble {
    uint32_t code;
    int error;
    char message[500];
};

struct channels {
    int child[3]; // the child's standard descriptors
    int in, out[2]; // the agent's ends
};

struct process *find_process(uint32_t id) {
    for (int i = 0; id != 0 && i < MAX_PROCESSES; i++)
        if (agent.processes[i].used && agent.processes[i].id == id)
            return &agent.processes[i];
    return NULL;
}

static void close_all(int *descriptors, int count) {
    for (int i = 0; i < count; i++)
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
            descriptors[i] = -1;
        }
}

static bool open_terminal(struct channels *channels, const struct start *start) {
    int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), unlock = 0;
    if (master < 0)
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    struct winsize size = {.ws_row = start->rows, .ws_col = start->columns};
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
        return false;
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return false;
    ioctl(master, TIOCSWINSZ, &size);
    channels->out[0] = master;
    channels->in = fcntl(master, F_DUPFD_CLOEXEC, 3);
    channels->child[0] = slave;
    channels->child[1] = fcntl(slave, F_DUPFD_CLOEXEC, 3);
    channels->child[2] = fcntl(slave, F_DUPFD_CLOEXEC, 3);
    return channels->in >= 0 && channels->child[1] >= 0 && channels->child[2] >= 0;
}

static bool open_pipes(struct channels *channels, const struct start *start) {
    int ends[2];
    if (!(start->flags & START_STDIN)) {
        if ((channels->child[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
            return false;
    } else {
        if (pipe2(ends, O_CLOEXEC) < 0)
            return false;
        channels->child[0] = ends[0];
        channels->in = ends[1];
        fcntl(channels->in, F_SETFL, O_NONBLOCK);
    }
    for (int i = 0; i < 2; i++) {
        if (pipe2(ends, O_CLOEXEC) < 0)
            return false;
        channels->out[i] = ends[0];
        channels->child[i + 1] = ends[1];
        fcntl(channels->out[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

static void give_up(int report, uint32_t code, const char *what, const char *subject) {
    struct trouble trouble = {.code = code, .error = errno};
    if (code == 127 && trouble.error == 0)
        snprintf(trouble.message, sizeof trouble.message, "exec: \"%.300s\": executable file not found in $PATH", subject);
    else
        snprintf(trouble.message, sizeof trouble.message, "%s \"%.300s\": %s", what, subject, strerror(trouble.error));
    ssize_t ignored = write(report, &trouble, sizeof trouble);
    (void)ignored;
    _exit(127);
}

static void execute(int report, const struct start *start, char **env) {
    char *program = start->args.items[0];
    const char *path = DEFAULT_PATH + strlen("PATH=");
    for (char **entry = env; *entry; entry++)
        if (strncmp(*entry, "PATH=", 5) == 0)
            path = *entry + 5;
    if (strchr(program, '/')) {
        execve(program, start->args.items, env);
        give_up(report, errno == ENOENT || errno == ENOTDIR ? 127 : 126, "exec:", program);
    }
    int denied = 0;
    while (*program) {
        size_t length = strcspn(path, ":");
        char candidate[4096];
        if ((size_t)snprintf(candidate, sizeof candidate, "%.*s/%s", length ? (int)length : 1, length ? path : ".", program) < sizeof candidate) {
            execve(candidate, start->args.items, env);
            if (errno != ENOENT && errno != ENOTDIR)
                denied = errno;
        }
        if (!path[length])
            break;
        path += length + 1;
    }
    errno = denied;
    give_up(report, denied ? 126 : 127, "exec:", program);
}

// Process 1 of the workload for those that do not reap: passes signals on, collects orphans, ends as its child does.
static void run_as_init(int report) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        tcsetpgrp(0, getpgrp()); // with SIGTTOU still blocked
        return; // to become the program
    }
    close(report); // else the agent would wait for this process as well
    for (int signal; sigwait(&all, &signal) == 0;) {
        if (signal != SIGCHLD) {
            kill(child, signal);
            continue;
        }
        int status;
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == child)
                _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}

// Between fork and execve, in a single-threaded program: everything is allowed here.
static void become(int report, const struct start *start, const struct channels *channels, bool first) {
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < 65; i++)
        signal(i, SIG_DFL);
    if (!first && agent.main_mount_ns >= 0 && setns(agent.main_mount_ns, CLONE_NEWNS) < 0)
        give_up(report, 125, "join", "the mount namespace");
    if (first && mount_process_view() < 0)
        give_up(report, 125, "mount", "/proc");
    setsid();
    for (int i = 0; i < 3; i++)
        if (dup2(channels->child[i], i) < 0)
            give_up(report, 125, "dup2", "standard descriptor");
    if (start->flags & START_TTY)
        ioctl(0, TIOCSCTTY, 0);
    if (!agent.native)
        set_oom_adjustment("0");
    if (first && (start->flags & START_INIT))
        run_as_init(report);
    for (uint32_t i = 0; i < start->limit_count; i++) {
        struct rlimit limit = {start->limits[i].soft, start->limits[i].hard};
        if (setrlimit(start->limits[i].resource, &limit) < 0)
            give_up(report, 125, "set", "a resource limit");
    }
    umask(start->umask & 0777);

    static struct credentials credentials;
    const char *problem = find_credentials(start->user, &start->groups, &credentials);
    if (problem) {
        errno = EINVAL;
        struct trouble trouble = {.code = 126, .error = EINVAL};
        snprintf(trouble.message, sizeof trouble.message, "%s", problem);
        ssize_t ignored = write(report, &trouble, sizeof trouble);
        (void)ignored;
        _exit(126);
    }
    if ((start->flags & START_TTY) && fchown(0, credentials.uid, (gid_t)-1) < 0)
        give_up(report, 125, "own", "the terminal");
    if ((start->flags & START_MAIN) && *start->cwd)
        make_directories(start->cwd, 0755);
    if (setgroups(credentials.group_count, credentials.groups) < 0 || setresgid(credentials.gid, credentials.gid, credentials.gid) < 0 ||
        setresuid(credentials.uid, credentials.uid, credentials.uid) < 0)
        give_up(report, 125, "become user", start->user);
    if (chdir(*start->cwd ? start->cwd : "/") < 0)
        give_up(report, 126, "chdir to cwd", start->cwd);
    if ((start->flags & START_NO_NEW_PRIVILEGES) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up(report, 125, "set", "no_new_privs");

    // Docker's rules: HOME of the user unless given; PATH unless given.
    static char home[1100];
    snprintf(home, sizeof home, "HOME=%s", credentials.home);
    bool has_home = false, has_path = false;
    char **env = allocate(((size_t)start->env.count + 3) * sizeof *env);
    uint32_t count = 0;
    for (; count < start->env.count; count++) {
        env[count] = start->env.items[count];
        has_home |= strncmp(env[count], "HOME=", 5) == 0;
        has_path |= strncmp(env[count], "PATH=", 5) == 0;
    }
    if (!has_home)
        env[count++] = home;
    if (!has_path)
        env[count++] = (char *)DEFAULT_PATH;
    sigprocmask(SIG_SETMASK, &none, NULL);
    execute(report, start, env);
}

static int open_namespace(pid_t pid, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static pid_t spawn(bool first) {
    if (first)
        return (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_NEWPID | CLONE_NEWNS | SIGCHLD), 0, 0, 0, 0);
    if (agent.main_pid_ns < 0)
        return fork();
    // Children of a thread that has set its children's namespace are born there; the agent itself stays.
    if (setns(agent.main_pid_ns, CLONE_NEWPID) < 0)
        return -1;
    pid_t child = fork();
    int error = errno;
    if (child != 0)
        setns(agent.own_pid_ns, CLONE_NEWPID);
    errno = error;
    return child;
}

static struct process *free_slot(void) {
    for (int i = 0; i < MAX_PROCESSES; i++)
        if (!agent.processes[i].used)
            return &agent.processes[i];
    return NULL;
}

bool start_process(uint32_t id, struct start *start) {
    bool first = start->flags & START_MAIN;
    struct process *process = free_slot();
    if (!process || find_process(id) || id == 0 || start->args.count == 0 || (first && agent.main_pid_ns >= 0)) {
        send_failed(id, 125, EINVAL, "%s", !process ? "too many processes are attached at a time" : start->args.count == 0 ? "no command is given"
            : first && agent.main_pid_ns >= 0 ? "the main process was started already" : "the id is in use or zero");
        return false;
    }
    struct channels channels = {{-1, -1, -1}, -1, {-1, -1}};
    int report[2] = {-1, -1};
    pid_t pid = -1;
    if (((start->flags & START_TTY) ? open_terminal(&channels, start) : open_pipes(&channels, start)) && pipe2(report, O_CLOEXEC) == 0)
        pid = spawn(first);
    if (pid == 0)
        become(report[1], start, &channels, first);
    int error = errno;
    close_all(channels.child, 3);
    close_all(&report[1], 1);
    if (pid < 0) {
        send_failed(id, 125, error, "start: %s", strerror(error));
        close_all(&report[0], 1);
        close_all(&channels.in, 1);
        close_all(channels.out, 2);
        return false;
    }
    if (first) {
        agent.main_pid_ns = open_namespace(pid, "pid");
        agent.main_mount_ns = open_namespace(pid, "mnt");
    }
    struct trouble trouble;
    ssize_t count;
    while ((count = read(report[0], &trouble, sizeof trouble)) < 0 && errno == EINTR) {
    }
    close(report[0]);
    if (count == (ssize_t)sizeof trouble) {
        trouble.message[sizeof trouble.message - 1] = 0;
        waitpid(pid, NULL, 0);
        close_all(&channels.in, 1);
        close_all(channels.out, 2);
        if (first) {
            close_all(&agent.main_pid_ns, 1);
            close_all(&agent.main_mount_ns, 1);
        }
        send_failed(id, trouble.code, trouble.error, "%s", trouble.message);
        return false;
    }
    *process = (struct process){
        .id = id, .pid = pid, .used = true, .tty = start->flags & START_TTY, .main = first, .in = channels.in,
        .out = {channels.out[0], channels.out[1]}, .in_granted = WINDOW, .credit = {WINDOW, WINDOW}, .oom_kills = count_oom_kills(),
    };
    send_u32(REP_STARTED, 0, id, (uint32_t)pid);
    return true;
}

// A process of this program, not of the workload's: it writes to its standard output what the workload left behind.
bool start_layer(uint32_t id) {
    struct process *process = free_slot();
    if (!process || find_process(id) || id == 0 || agent.upper < 0 || agent.main_pid_ns >= 0 || agent.leaving) {
        send_failed(id, 125, EINVAL, "%s", agent.upper < 0 ? "the machine was not set up to give a layer" : agent.main_pid_ns >= 0
            ? "the main process still runs" : "no layer can be given now");
        return false;
    }
    struct channels channels = {{-1, -1, -1}, -1, {-1, -1}};
    const struct start plain = {0};
    pid_t pid = open_pipes(&channels, &plain) ? fork() : -1;
    if (pid == 0) {
        close_all(channels.out, 2); // else nobody would tell it that the agent has gone
        for (int i = 0; i < 3; i++)
            dup2(channels.child[i], i);
        write_layer(agent.upper);
    }
    int error = errno;
    close_all(channels.child, 3);
    if (pid < 0) {
        send_failed(id, 125, error, "read the layer: %s", strerror(error));
        close_all(channels.out, 2);
        return false;
    }
    *process = (struct process){
        .id = id, .pid = pid, .used = true, .in = -1, .out = {channels.out[0], channels.out[1]},
        .in_granted = WINDOW, .credit = {WINDOW, WINDOW}, .oom_kills = count_oom_kills(),
    };
    send_u32(REP_STARTED, 0, id, (uint32_t)pid);
    return true;
}

void process_ended(pid_t pid, int status) {
    for (int i = 0; i < MAX_PROCESSES; i++) {
        struct process *process = &agent.processes[i];
        if (!process->used || process->pid != pid)
            continue;
        process->pid = 0;
        uint32_t signal = WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0;
        uint32_t code = WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 128 + signal;
        bool out_of_memory = signal == SIGKILL && count_oom_kills() > process->oom_kills;
        uint8_t payload[9] = {(uint8_t)code, 0, 0, 0, (uint8_t)signal, 0, 0, 0, out_of_memory};
        send_frame(REP_EXITED, 0, process->id, payload, sizeof payload);
        if (process->main) {
            close_all(&agent.main_pid_ns, 1);
            close_all(&agent.main_mount_ns, 1);
        }
        return;
    }
}

void kill_all(void) {
    for (int i = 0; i < MAX_PROCESSES; i++)
        if (agent.processes[i].used && agent.processes[i].pid > 0)
            kill(agent.processes[i].pid, SIGKILL);
}
