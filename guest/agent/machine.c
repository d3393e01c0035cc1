// What only the first process of a machine does: kernel file systems, modules, finding the channel, power-off.
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static void mount_kernel(const char *type, const char *target, unsigned long flags) {
    mkdir(target, 0755);
    if (mount(type, target, type, flags, NULL) < 0 && errno != EBUSY)
        fprintf(stderr, "berth-agent: mount %s: %s\n", target, strerror(errno));
}

// One path a line, dependencies first; written by the maker of the initrd.
static void load_modules(void) {
    FILE *list = fopen("/berth/modules", "re");
    if (!list)
        return;
    char line[512];
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        int file = open(line, O_RDONLY | O_CLOEXEC);
        if (file < 0 || (syscall(SYS_finit_module, file, "", 0) < 0 && errno != EEXIST))
            fprintf(stderr, "berth-agent: module %s: %s\n", line, strerror(errno));
        if (file >= 0)
            close(file);
    }
    fclose(list);
}

// The kernel must not choose this program when memory runs out.
void set_oom_adjustment(const char *value) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t ignored = write(file, value, strlen(value));
    (void)ignored;
    close(file);
}

// What engines give containers; the kernel's own 1024 is for programs that use select.
static void raise_limits(void) {
    struct rlimit files = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        fprintf(stderr, "berth-agent: open files: %s\n", strerror(errno));
}

void start_machine(void) {
    mount_kernel("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    mount_kernel("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    mount_kernel("devtmpfs", "/dev", MS_NOSUID);
    // The kernel gives process 1 the console when it had /dev/console before; an initrd may be without.
    int console = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
    for (int i = 0; console >= 0 && i < 3; i++)
        dup2(console, i);
    set_oom_adjustment("-1000");
    raise_limits();
    load_modules();
    mount_kernel("cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

static int open_raw(const char *path) {
    int file = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    struct termios mode;
    if (file >= 0 && tcgetattr(file, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(file, TCSANOW, &mode);
    }
    return file;
}

static int find_port(void) {
    DIR *ports = opendir("/sys/class/virtio-ports");
    if (!ports)
        return -1;
    int found = -1;
    for (struct dirent *entry; found < 0 && (entry = readdir(ports));) {
        char path[320], name[64] = "";
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (!file)
            continue;
        if (fgets(name, sizeof name, file) && strncmp(name, "berth.agent", 11) == 0) {
            snprintf(path, sizeof path, "/dev/%s", entry->d_name);
            found = open_raw(path);
        }
        fclose(file);
    }
    closedir(ports);
    return found;
}

// The port named "berth.agent", or the device that berth.channel= of the kernel's command line names.
int open_channel(void) {
    char line[4096] = "", *given = NULL;
    FILE *file = fopen("/proc/cmdline", "re");
    if (file) {
        if (fgets(line, sizeof line, file) && (given = strstr(line, "berth.channel="))) {
            given += strlen("berth.channel=");
            given[strcspn(given, " \n")] = 0;
        }
        fclose(file);
    }
    for (int64_t until = now_milliseconds() + 60000; now_milliseconds() < until; usleep(10000)) {
        int channel = given ? open_raw(given) : find_port();
        if (channel >= 0)
            return channel;
    }
    die("no channel to the host: the console port \"berth.agent\" did not appear within a minute");
}

void power_off(void) {
    if (agent.native)
        exit(0);
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("berth-agent: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    if (agent.native)
        exit(70);
    power_off();
}
