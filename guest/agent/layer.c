// What processes changed, as the tar of an image layer: the overlay's upper directory, whiteouts and opaque directories as ".wh." names.
// Every entry has a PAX header, so that no number or name has to fit an old field. [OCI-IMG] layer.md, [PAX], GNU sparse 1.0.
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { BLOCK = 512, MAX_DEPTH = 1000, MAX_EXTENTS = 4096, HOLE_WORTH_A_MAP = 65536, MAX_XATTR = 65536, MAX_PATH = 16384 };

struct extent {
    off_t offset, length;
};

// A file with several names, under the first of them.
struct linked {
    ino_t inode;
    char *name;
};

static struct {
    struct buffer out, records;
    void *linked; // tsearch(3), by inode
    char path[MAX_PATH];
} layer;

static void stop(const char *what) __attribute__((noreturn));
static void stop(const char *what) {
    fprintf(stderr, "the layer cannot be read: %s /%s: %s\n", what, layer.path, strerror(errno));
    _exit(1);
}

static void flush(void) {
    while (buffer_length(&layer.out)) {
        ssize_t count = write(1, layer.out.data + layer.out.start, buffer_length(&layer.out));
        if (count > 0)
            buffer_consume(&layer.out, (size_t)count);
        else if (errno != EINTR)
            _exit(1); // nobody wants it
    }
}

static void put(const void *data, size_t size) {
    buffer_append(&layer.out, data, size);
    if (buffer_length(&layer.out) >= 65536)
        flush();
}

static void pad(uint64_t size) {
    static const char zeros[BLOCK];
    put(zeros, (size_t)(-size & (BLOCK - 1)));
}

// "LENGTH key=value\n", where the length counts its own digits.
static void add_record(const char *key, const void *value, size_t size) {
    size_t body = strlen(key) + size + 3, length = body;
    char digits[24];
    while (length != body + (size_t)snprintf(digits, sizeof digits, "%zu", length))
        length = body + strlen(digits);
    buffer_append(&layer.records, digits, strlen(digits));
    buffer_append(&layer.records, " ", 1);
    buffer_append(&layer.records, key, strlen(key));
    buffer_append(&layer.records, "=", 1);
    buffer_append(&layer.records, value, size);
    buffer_append(&layer.records, "\n", 1);
}

static void add_text(const char *key, const char *text) { add_record(key, text, strlen(text)); }

static void add_number(const char *key, uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    add_text(key, text);
}

static void add_time(const struct timespec *time) {
    char text[48];
    long long seconds = time->tv_sec;
    long nanoseconds = time->tv_nsec;
    bool negative = seconds < 0;
    if (negative && nanoseconds) { // the fraction counts away from zero
        seconds++;
        nanoseconds = 1000000000 - nanoseconds;
    }
    snprintf(text, sizeof text, "%s%lld.%09ld", negative ? "-" : "", negative ? -seconds : seconds, nanoseconds);
    add_text("mtime", text);
}

// What a layer carries of them; the host takes nothing else either.
static bool is_wanted(const char *name) {
    return strcmp(name, "security.capability") == 0 || strcmp(name, "system.posix_acl_access") == 0 || strcmp(name, "system.posix_acl_default") == 0 ||
        (strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0);
}

static void add_attributes(int file) {
    static char names[MAX_XATTR], value[MAX_XATTR], key[512];
    ssize_t length = flistxattr(file, names, sizeof names);
    if (length < 0 && errno != ENOTSUP)
        stop("list the attributes of");
    for (char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        if (!is_wanted(name))
            continue;
        ssize_t size = fgetxattr(file, name, value, sizeof value);
        if (size < 0)
            stop("read an attribute of");
        snprintf(key, sizeof key, "SCHILY.xattr.%.255s", name); // XATTR_NAME_MAX
        add_record(key, value, (size_t)size);
    }
}

static void set_octal(char *field, size_t size, uint64_t number) { snprintf(field, size, "%0*llo", (int)size - 1, (unsigned long long)number); }

static void put_block(char type, uint32_t mode, uint64_t size, dev_t device, const char *name) {
    char block[BLOCK] = "";
    memcpy(block, name, strnlen(name, 100));
    set_octal(block + 100, 8, mode);
    set_octal(block + 108, 8, 0);
    set_octal(block + 116, 8, 0);
    set_octal(block + 124, 12, size <= 077777777777ull ? size : 0);
    set_octal(block + 136, 12, 0);
    block[156] = type;
    memcpy(block + 257, "ustar\00000", 8);
    set_octal(block + 329, 8, major(device));
    set_octal(block + 337, 8, minor(device));
    memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (int i = 0; i < BLOCK; i++)
        sum += (unsigned char)block[i];
    set_octal(block + 148, 7, sum);
    put(block, sizeof block);
}

// Writes both headers with the records collected so far; `stored` bytes must follow.
static void put_entry(char type, const char *name, const struct stat *stat, uint64_t stored) {
    add_text("path", name);
    add_number("size", stored);
    add_number("uid", stat->st_uid);
    add_number("gid", stat->st_gid);
    add_time(&stat->st_mtim);
    size_t size = buffer_length(&layer.records);
    put_block('x', 0644, size, 0, "././@PaxHeader");
    put(layer.records.data + layer.records.start, size);
    pad(size);
    buffer_consume(&layer.records, size);
    put_block(type, stat->st_mode & 07777, stored, S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode) ? stat->st_rdev : 0, name);
}

// Of a name in the directory whose path is that much of layer.path.
static void put_whiteout(size_t length, const char *name) {
    static const struct stat nothing;
    static char path[MAX_PATH + 300];
    snprintf(path, sizeof path, "%.*s%s.wh.%.255s", (int)length, layer.path, length ? "/" : "", name);
    put_entry('0', path, &nothing, 0);
}

// -1: no hole is worth a map.
static int find_extents(int file, const struct stat *stat, struct extent *extents) {
    if ((off_t)stat->st_blocks * 512 > stat->st_size - HOLE_WORTH_A_MAP)
        return -1;
    int count = 0;
    off_t stored = 0;
    for (off_t at = 0; at < stat->st_size;) {
        off_t data = lseek(file, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break;
        off_t hole = data < 0 ? -1 : lseek(file, data, SEEK_HOLE);
        if (hole < 0 || count == MAX_EXTENTS)
            return -1;
        if (data >= stat->st_size)
            break;
        at = hole < stat->st_size ? hole : stat->st_size;
        extents[count++] = (struct extent){data, at - data};
        stored += at - data;
    }
    return stored > stat->st_size - HOLE_WORTH_A_MAP ? -1 : count;
}

static void put_content(int file, struct extent extent) {
    static char bytes[65536];
    while (extent.length > 0) {
        ssize_t count = pread(file, bytes, extent.length < (off_t)sizeof bytes ? (size_t)extent.length : sizeof bytes, extent.offset);
        if (count <= 0) {
            errno = count == 0 ? EIO : errno; // nobody is left who could have cut it
            stop("read");
        }
        put(bytes, (size_t)count);
        extent.offset += count;
        extent.length -= count;
    }
}

static void put_sparse(int file, const struct stat *stat, const struct extent *extents, int count) {
    static char map[MAX_EXTENTS * 44 + 24];
    size_t length = (size_t)snprintf(map, sizeof map, "%d\n", count);
    uint64_t stored = 0;
    for (int i = 0; i < count; i++) {
        length += (size_t)snprintf(map + length, sizeof map - length, "%lld\n%lld\n", (long long)extents[i].offset, (long long)extents[i].length);
        stored += (uint64_t)extents[i].length;
    }
    size_t whole = (length + BLOCK - 1) / BLOCK * BLOCK;
    add_text("GNU.sparse.major", "1");
    add_text("GNU.sparse.minor", "0");
    add_text("GNU.sparse.name", layer.path);
    add_number("GNU.sparse.realsize", (uint64_t)stat->st_size);
    put_entry('0', layer.path, stat, whole + stored);
    put(map, length);
    pad(length);
    for (int i = 0; i < count; i++)
        put_content(file, extents[i]);
    pad(stored);
}

static void put_file(int parent, const char *name) {
    static struct extent extents[MAX_EXTENTS];
    struct stat stat;
    int file = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0 || fstat(file, &stat) < 0)
        stop("open");
    add_attributes(file);
    int count = find_extents(file, &stat, extents);
    if (count >= 0) {
        put_sparse(file, &stat, extents, count);
    } else {
        put_entry('0', layer.path, &stat, (uint64_t)stat.st_size);
        put_content(file, (struct extent){0, stat.st_size});
        pad((uint64_t)stat.st_size);
    }
    close(file);
}

static int compare_inodes(const void *a, const void *b) {
    ino_t first = ((const struct linked *)a)->inode, second = ((const struct linked *)b)->inode;
    return first < second ? -1 : first > second;
}

// The name under which a file was written already; else this one is kept for its other names.
static const char *first_name(ino_t inode) {
    struct linked *new = allocate(sizeof *new);
    new->inode = inode;
    struct linked **found = tsearch(new, &layer.linked, compare_inodes);
    if (!found)
        stop("remember");
    if (*found != new) {
        free(new);
        return (*found)->name;
    }
    new->name = strdup(layer.path);
    if (!new->name)
        stop("remember");
    return NULL;
}

static void put_directory(int directory, int depth);

static void put_child(int parent, const char *name, size_t length_above, int depth) {
    struct stat stat;
    if (fstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        stop("look at");
    if (S_ISCHR(stat.st_mode) && stat.st_rdev == 0) {
        put_whiteout(length_above, name);
        return;
    }
    const char *first = !S_ISDIR(stat.st_mode) && stat.st_nlink > 1 ? first_name(stat.st_ino) : NULL;
    if (first) {
        add_text("linkpath", first);
        put_entry('1', layer.path, &stat, 0);
        return;
    }
    static char target[MAX_PATH];
    ssize_t length;
    int child;
    switch (stat.st_mode & S_IFMT) {
    case S_IFDIR:
        child = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child < 0)
            stop("open");
        put_directory(child, depth + 1);
        break;
    case S_IFREG:
        put_file(parent, name);
        break;
    case S_IFLNK:
        length = readlinkat(parent, name, target, sizeof target);
        if (length < 0)
            stop("read the link");
        add_record("linkpath", target, (size_t)length);
        put_entry('2', layer.path, &stat, 0);
        break;
    case S_IFIFO:
        put_entry('6', layer.path, &stat, 0);
        break;
    case S_IFCHR:
    case S_IFBLK:
        put_entry(S_ISCHR(stat.st_mode) ? '3' : '4', layer.path, &stat, 0);
        break;
    default:
        break; // a socket means nothing without its listener
    }
}

// Takes the descriptor; layer.path is the directory's and is so again afterwards.
static void put_directory(int directory, int depth) {
    struct stat stat;
    char opaque[2] = "";
    size_t length = strlen(layer.path);
    if (depth > MAX_DEPTH) {
        errno = ENAMETOOLONG;
        stop("go below");
    }
    if (fstat(directory, &stat) < 0)
        stop("look at");
    add_attributes(directory);
    put_entry('5', length ? layer.path : "./", &stat, 0);
    if (fgetxattr(directory, "trusted.overlay.opaque", opaque, 1) == 1 && *opaque == 'y')
        put_whiteout(length, ".wh..opq");
    DIR *entries = fdopendir(directory);
    if (!entries)
        stop("list");
    struct dirent *entry;
    for (errno = 0; (entry = readdir(entries)); errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        size_t room = sizeof layer.path - length;
        if ((size_t)snprintf(layer.path + length, room, "%s%s", length ? "/" : "", entry->d_name) >= room) {
            errno = ENAMETOOLONG;
            stop("go below");
        }
        put_child(dirfd(entries), entry->d_name, length, depth);
        layer.path[length] = 0;
    }
    if (errno)
        stop("list");
    closedir(entries);
}

void write_layer(int upper) {
    static const char end[2 * BLOCK];
    int root = openat(upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        stop("open");
    put_directory(root, 0);
    put(end, sizeof end);
    flush();
    _exit(0);
}
