#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct agent agent = {.channel = -1, .main_pid_ns = -1, .main_mount_ns = -1, .own_pid_ns = -1, .upper = -1};

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int channel = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (channel < 0 || connect(channel, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect to %s: %s", path, strerror(errno));
    return channel;
}

// Without arguments: process 1 of a machine. "--connect SOCKET": on a host, with mounts of its own, speaking over that socket.
int main(int count, char **arguments) {
    umask(0);
    if (count == 3 && strcmp(arguments[1], "--connect") == 0) {
        agent.native = true;
        agent.channel = connect_to(arguments[2]);
        if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
            die("namespaces of its own: %s", strerror(errno));
        fcntl(agent.channel, F_SETFL, O_NONBLOCK);
    } else if (count != 1 && getpid() != 1) {
        fputs("usage: berth-agent [--connect SOCKET]\n", stderr);
        return 2;
    } else {
        start_machine();
        agent.channel = open_channel();
    }
    agent.own_pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    serve();
}
