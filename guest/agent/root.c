// The machine's root: the image's disk, a writable one above it, the kernel's file systems, the host's name.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool fail(const char *what, const char *subject) {
    int error = errno;
    send_failed(agent.request, 125, error, "%s %s: %s", what, subject, strerror(error));
    return false;
}

bool make_directories(const char *path, mode_t mode) {
    char copy[4096];
    if (strlen(path) >= sizeof copy) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(copy, path);
    for (char *at = copy + 1; *at; at++)
        if (*at == '/') {
            *at = 0;
            if (mkdir(copy, mode) < 0 && errno != EEXIST)
                return false;
            *at = '/';
        }
    struct stat stat_buffer;
    return mkdir(copy, mode) == 0 || (errno == EEXIST && stat(copy, &stat_buffer) == 0 && S_ISDIR(stat_buffer.st_mode));
}

// A disk may be found a moment after its driver was loaded.
static bool mount_disk(const char *device, const char *target, const char *type, unsigned long flags) {
    struct stat stat_buffer;
    for (int i = 0; i < 500 && stat(device, &stat_buffer) < 0; i++)
        usleep(10000);
    return mount(device, target, type, flags, NULL) == 0;
}

// With `layer`, the upper directory stays within reach of the agent: what it holds in the end is all that processes changed.
static bool mount_overlay(const char *base, const char *base_type, const char *top, const char *top_type, bool layer) {
    if (!mount_disk(base, "base", base_type, MS_RDONLY))
        return fail("mount the image's disk", base);
    if (*top ? !mount_disk(top, "top", top_type, 0) : mount("berth", "top", "tmpfs", 0, NULL) < 0)
        return fail("mount the writable disk", *top ? top : "tmpfs");
    // The merged root takes its attributes from the upper directory: a new one gets the image's. In a layer it has its own time, as a container's has.
    struct stat root;
    if (stat("base", &root) < 0 || (mkdir("top/work", 0700) < 0 && errno != EEXIST))
        return fail("prepare", "the writable disk");
    if (mkdir("top/upper", 0755) == 0) {
        struct timespec times[2] = {root.st_atim, root.st_mtim};
        if (chown("top/upper", root.st_uid, root.st_gid) < 0 || chmod("top/upper", root.st_mode & 07777) < 0 ||
            (!layer && utimensat(AT_FDCWD, "top/upper", times, 0) < 0))
            return fail("prepare", "the writable disk");
    } else if (errno != EEXIST) {
        return fail("prepare", "the writable disk");
    }
    // xino: a name's inode number in its directory is the one that stat gives, although the two disks number for themselves.
    // Whatever the kernel's own defaults: a layer's files are whole and stand where they are seen.
#define LAYERS "lowerdir=base,upperdir=top/upper,workdir=top/work"
#define PLAIN ",index=off,metacopy=off,redirect_dir=off"
    if (mount("overlay", "root", "overlay", 0, layer ? "xino=on," LAYERS PLAIN : "xino=on," LAYERS) < 0 &&
        mount("overlay", "root", "overlay", 0, layer ? LAYERS PLAIN : LAYERS) < 0)
        return fail("mount overlay on", "the writable disk");
    if (layer && (agent.upper = open("top/upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return fail("open", "the writable disk");
    // overlayfs goes on read-only when it cannot make its own directories: the workload would fail without a reason.
    struct statvfs merged, disk;
    if (statvfs("root", &merged) == 0 && (merged.f_flag & ST_RDONLY) && statvfs("top", &disk) == 0) {
        errno = disk.f_bavail < 16 || disk.f_favail == 0 ? ENOSPC : EROFS;
        return fail("write to the writable disk", *top ? top : "tmpfs");
    }
    return true;
}

// Leaves the new root as working directory.
static bool mount_root(uint8_t kind, const char *base, const char *base_type, const char *top, const char *top_type) {
    if (kind == ROOT_DIRECTORY)
        return mount(base, base, NULL, MS_BIND | MS_REC, NULL) == 0 && chdir(base) == 0 ? true : fail("mount", base);
    // On a host, nothing is made outside mounts of the agent's own.
    const char *stage = agent.native ? "/mnt" : "/berth";
    if (mount("berth", stage, "tmpfs", MS_NOSUID | MS_NODEV, "mode=700") < 0 || chdir(stage) < 0)
        return fail("mount", stage);
    if (mkdir("base", 0755) < 0 || mkdir("top", 0755) < 0 || mkdir("root", 0755) < 0)
        return fail("make directories in", stage);
    if (kind == ROOT_DISK && !mount_disk(base, "root", base_type, 0))
        return fail("mount the root disk", base);
    if ((kind == ROOT_OVERLAY || kind == ROOT_LAYER) && !mount_overlay(base, base_type, top, top_type, kind == ROOT_LAYER))
        return false;
    return chdir("root") == 0 ? true : fail("enter", "the root");
}

// MS_MOVE and chroot(2), since pivot_root(2) refuses the initial ramfs.
static bool switch_root(void) {
    if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
        return fail("switch to", "the machine's root");
    return true;
}

static bool mount_at(const char *type, const char *target, unsigned long flags, const char *options) {
    if (!make_directories(target, 0755) || (mount(type, target, type, flags, options) < 0 && errno != EBUSY))
        return fail("mount", target);
    return true;
}

static void make_devices(void) {
    static const struct { const char *path; unsigned major, minor; } nodes[] = {
        {"/dev/null", 1, 3}, {"/dev/zero", 1, 5}, {"/dev/full", 1, 7}, {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
    };
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        if (mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) == 0)
            chmod(nodes[i].path, 0666); // whatever the umask
}

static bool mount_kernel_views(void) {
    const unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (!mount_at("proc", "/proc", safe, NULL))
        return false;
    if (agent.native) {
        if (!mount_at("tmpfs", "/dev", MS_NOSUID, "mode=755,size=65536k"))
            return false;
        make_devices();
    } else if (!mount_at("sysfs", "/sys", safe, NULL) || !mount_at("devtmpfs", "/dev", MS_NOSUID, NULL)) {
        return false;
    } else if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", safe, NULL) < 0) {
        send_log("no control groups: %s", strerror(errno));
    }
    if (!mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,mode=0620,ptmxmode=0666,gid=5") ||
        !mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"))
        return false;
    static const char *links[][2] = {
        {"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"},
        {"/proc/self/fd/2", "/dev/stderr"}, {"pts/ptmx", "/dev/ptmx"},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        unlink(links[i][1]);
        if (symlink(links[i][0], links[i][1]) < 0)
            return fail("make", links[i][1]);
    }
    return true;
}

static bool write_new(const char *path, const char *content) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0)
        return fail("write", path);
    size_t length = strlen(content);
    bool done = write(file, content, length) == (ssize_t)length && fchmod(file, 0644) == 0;
    bool closed = close(file) == 0;
    return done && closed ? true : fail("write", path);
}

// The image's file may be a link to anywhere in it; a fresh file takes its name, at one stroke: processes may be reading it.
static bool replace_file(const char *path, const char *content) {
    static const char fresh[] = "/etc/.berth-fresh";
    make_directories("/etc", 0755);
    if (unlink(fresh) < 0 && errno != ENOENT)
        return fail("replace", fresh);
    bool written = write_new(fresh, content);
    if (written && rename(fresh, path) == 0)
        return true;
    int error = errno;
    unlink(fresh);
    errno = error;
    return !written ? false : error == EBUSY ? true : fail("write", path); // a mount of the user's own stands there, and prevails
}

// Shared folders come as one file system. It stands aside until each of them is at its place, then nothing else of it can be reached by name.
static const char *const shared = "/dev/.berth-shared";

static bool mount_shared(const char *tag) {
    if (mkdir(shared, 0700) < 0 || mount(tag, shared, "virtiofs", 0, NULL) < 0)
        return fail("mount the shared folders of", tag);
    return true;
}

static bool make_file(const char *path) {
    char parent[4096];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash && slash != parent) {
        *slash = 0;
        if (!make_directories(parent, 0755))
            return false;
    }
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file >= 0)
        close(file);
    return file >= 0 || errno == EEXIST;
}

// In a layer's root nothing may be written that no process wrote: a file in memory stands at the place, as a container's does.
static bool cover_file(const char *path, const char *content) {
    static const char *const aside = "/dev/.berth-file";
    if (!write_new(aside, content))
        return false;
    if (!make_file(path) || mount(aside, path, NULL, MS_BIND, NULL) < 0)
        return fail("mount", path);
    return unlink(aside) == 0 ? true : fail("put away", aside);
}

static bool write_file(const char *path, const char *content) {
    return agent.gives_layer ? cover_file(path, content) : replace_file(path, content);
}

bool write_network_files(const char *hosts, const char *resolver) {
    return !agent.has_root || ((!*hosts || write_file("/etc/hosts", hosts)) && (!*resolver || write_file("/etc/resolv.conf", resolver)));
}

static bool mount_share(const char *name, const char *target, unsigned long flags) {
    char source[300];
    struct stat status;
    snprintf(source, sizeof source, "%s/%.255s", shared, name);
    if (stat(source, &status) < 0 || !(S_ISDIR(status.st_mode) ? make_directories(target, 0755) : make_file(target)) ||
        mount(source, target, NULL, MS_BIND, NULL) < 0)
        return false;
    return flags == 0 || mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0;
}

static bool mount_more(struct reader *reader) {
    char *tag = read_string(reader);
    bool sharing = *tag && !reader->bad;
    if (sharing && !mount_shared(tag)) {
        free(tag);
        return false;
    }
    free(tag);
    uint32_t count = read_u32(reader);
    for (uint32_t i = 0; i < count && !reader->bad; i++) {
        char *source = read_string(reader), *target = read_string(reader), *type = read_string(reader);
        uint32_t flags = read_u32(reader);
        char *options = read_string(reader);
        bool done = reader->bad || (strcmp(type, "share") == 0
            ? mount_share(source, target, flags)
            : make_directories(target, 0755) && mount(source, target, type, flags, options) == 0);
        if (!done)
            fail("mount", target);
        free(source);
        free(target);
        free(type);
        free(options);
        if (!done)
            return false;
    }
    return !sharing || (umount2(shared, MNT_DETACH) == 0 && rmdir(shared) == 0) ? true : fail("put away", shared);
}

// Run in the mount and process namespaces of the workload: /proc shows its own processes.
int mount_process_view(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return -1;
    return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

bool set_up(struct reader *reader) {
    uint8_t kind = read_u8(reader);
    char *base = read_string(reader), *base_type = read_string(reader), *top = read_string(reader), *top_type = read_string(reader);
    char *host = read_string(reader), *hosts = read_string(reader), *resolver = read_string(reader);
    bool good = false;
    if (reader->bad || kind > ROOT_LAYER) {
        send_failed(0, 125, EINVAL, "malformed set-up request");
    } else if (kind == ROOT_NONE || (mount_root(kind, base, base_type, top, top_type) && switch_root() && mount_kernel_views())) {
        char local[512];
        snprintf(local, sizeof local, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t%.255s\n", host);
        char name[300];
        snprintf(name, sizeof name, "%.255s\n", host);
        good = true;
        agent.has_root = kind != ROOT_NONE;
        agent.gives_layer = kind == ROOT_LAYER;
        if (*host)
            good = sethostname(host, strlen(host)) == 0 ? true : fail("set the name of the host to", host);
        if (good && *host && agent.has_root)
            good = write_file("/etc/hostname", name);
        good = good && write_network_files(*host && !*hosts ? local : *host ? hosts : "", resolver);
        good = good && mount_more(reader) && set_up_network(reader);
        if (good && reader->bad) {
            send_failed(0, 125, EINVAL, "malformed set-up request");
            good = false;
        }
    }
    free(base);
    free(base_type);
    free(top);
    free(top_type);
    free(host);
    free(hosts);
    free(resolver);
    return good;
}
