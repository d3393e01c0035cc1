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
#include <sys/stat.h>
#include <unistd.h>

struct agent agent = {.channel = -1, .main_pid_ns = -1, .main_mount_ns = -1, .own_pid_ns = -1};

// Without arguments: process 1 of a machine. "--channel N": on a host, with mounts of its own, speaking over descriptor N.
int main(int count, char **arguments) {
    umask(0);
    if (count == 3 && strcmp(arguments[1], "--channel") == 0) {
        agent.native = true;
        agent.channel = atoi(arguments[2]);
        if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
            die("namespaces of its own: %s", strerror(errno));
        fcntl(agent.channel, F_SETFL, O_NONBLOCK);
        fcntl(agent.channel, F_SETFD, FD_CLOEXEC);
    } else if (count != 1 && getpid() != 1) {
        fputs("usage: berth-agent [--channel DESCRIPTOR]\n", stderr);
        return 2;
    } else {
        start_machine();
        agent.channel = open_channel();
    }
    agent.own_pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    serve();
}
