// Asks a directory for what programs expect of files, and prints one line for each answer: the same lines wherever the file system keeps its word.
// Usage: files DIRECTORY, as root.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void say(const char *what, long result) {
    if (result < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %ld\n", what, result);
}

static long size_of(const char *path) {
    struct stat status;
    return stat(path, &status) < 0 ? -1 : (long)status.st_size;
}

static long mode_of(const char *path) {
    struct stat status;
    return lstat(path, &status) < 0 ? -1 : (long)(status.st_mode & 07777);
}

static void mappings(void) {
    int file = open("map", O_RDWR | O_CREAT | O_TRUNC, 0644);
    say("ftruncate", ftruncate(file, 3 * 4096));
    char *map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    say("mmap shared", map == MAP_FAILED ? -1 : 0);
    memset(map, 'm', 3 * 4096);
    say("msync", msync(map, 3 * 4096, MS_SYNC));
    char read_back[4096];
    say("pread of what was mapped", pread(file, read_back, sizeof read_back, 8192));
    say("last byte", read_back[4095]);
    say("pwrite", pwrite(file, "w", 1, 5000));
    say("seen through the mapping", map[5000]);
    munmap(map, 3 * 4096);
    close(file);
    say("size", size_of("map"));
}

static void names(void) {
    struct stat a, b;
    say("link", link("map", "hard"));
    stat("map", &a), stat("hard", &b);
    say("same inode", a.st_ino == b.st_ino && a.st_nlink == 2);
    say("symlink", symlink("map", "soft"));
    say("link of a symlink", linkat(AT_FDCWD, "soft", AT_FDCWD, "soft2", 0));
    char target[100] = "";
    say("readlink", readlink("soft2", target, sizeof target));
    say("mkdir", mkdir("dir", 0751));
    say("rename over a directory", rename("map", "dir"));
    say("noreplace", renameat2(AT_FDCWD, "map", AT_FDCWD, "hard", RENAME_NOREPLACE));
    close(open("other", O_WRONLY | O_CREAT, 0600));
    say("exchange", renameat2(AT_FDCWD, "map", AT_FDCWD, "other", RENAME_EXCHANGE));
    say("exchanged", size_of("other"));
    say("rmdir of a file", rmdir("other"));
    say("unlink of a directory", unlink("dir"));
    say("rename into itself", rename("dir", "dir/sub"));
    int directory = open("dir", O_RDONLY | O_DIRECTORY), kept = open("dir/kept", O_RDWR | O_CREAT | O_EXCL, 0640);
    say("write", write(kept, "kept", 4));
    say("rename of an open file", rename("dir/kept", "moved"));
    say("unlink of an open file", unlink("moved"));
    say("write after unlink", write(kept, " on", 3));
    fstat(kept, &a);
    say("links of it", a.st_nlink);
    say("size of it", a.st_size);
    say("fchmod of it", fchmod(kept, 0604));
    fstat(kept, &a);
    say("mode of it", a.st_mode & 07777);
    say("rmdir of an open directory", rmdir("dir"));
    say("create in it", openat(directory, "x", O_WRONLY | O_CREAT, 0600));
    char longest[260];
    memset(longest, 'n', 255), longest[255] = 0;
    say("longest name", close(open(longest, O_WRONLY | O_CREAT, 0600)));
    longest[255] = 'n', longest[256] = 0;
    say("longer name", open(longest, O_WRONLY | O_CREAT, 0600));
    say("name that is no text", close(open("\xff\xfe", O_WRONLY | O_CREAT, 0600)));
    say("and again", unlink("\xff\xfe"));
    close(kept), close(directory);
}

static void ranges(void) {
    int file = open("ranges", O_RDWR | O_CREAT, 0644), copy = open("copy", O_RDWR | O_CREAT, 0644);
    say("write far out", pwrite(file, "data", 4, 1 << 20));
    say("data", lseek(file, 0, SEEK_DATA));
    say("hole", lseek(file, 1 << 20, SEEK_HOLE) > 1 << 20);
    say("no data", lseek(file, (1 << 20) + 100, SEEK_DATA));
    say("allocate", fallocate(file, 0, 0, 2 << 20));
    say("keep size", fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 4 << 20));
    say("size", size_of("ranges"));
    say("punch", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1 << 20, 4096));
    char byte = 'x';
    pread(file, &byte, 1, 1 << 20);
    say("punched", byte);
    pwrite(file, "copied", 6, 100);
    loff_t from = 100, to = 10;
    say("copy_file_range", copy_file_range(file, &from, copy, &to, 6, 0));
    say("size of the copy", size_of("copy"));
    say("append", close(open("copy", O_WRONLY | O_APPEND)));
    int append = open("copy", O_WRONLY | O_APPEND);
    say("appended", write(append, "end", 3));
    say("size of the copy", size_of("copy"));
    struct iovec parts[3] = {{"a", 1}, {"bc", 2}, {"def", 3}};
    say("writev", writev(append, parts, 3));
    say("truncating open", close(open("copy", O_WRONLY | O_TRUNC)));
    say("size of the copy", size_of("copy"));
    say("fsync", fsync(file) + fdatasync(file));
    say("read past the end", pread(copy, &byte, 1, 100));
    say("flock", flock(file, LOCK_EX | LOCK_NB));
    struct flock lock = {.l_type = F_WRLCK, .l_len = 10};
    say("record lock", fcntl(copy, F_SETLK, &lock));
    struct statvfs numbers;
    say("statvfs", statvfs(".", &numbers) == 0 && numbers.f_blocks > 0 && numbers.f_namemax == 255 ? 0 : -1);
    close(file), close(copy), close(append);
}

static void attributes(void) {
    char value[16] = "";
    say("setxattr", setxattr("ranges", "user.berth", "value", 5, XATTR_CREATE));
    say("setxattr again", setxattr("ranges", "user.berth", "value", 5, XATTR_CREATE));
    say("getxattr", getxattr("ranges", "user.berth", value, sizeof value));
    say("getxattr of none", getxattr("ranges", "user.none", value, sizeof value));
    char list[100];
    say("listxattr", listxattr("ranges", list, sizeof list));
    say("removexattr", removexattr("ranges", "user.berth"));
    struct timespec times[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
    say("utimensat", utimensat(AT_FDCWD, "ranges", times, 0));
    struct stat status;
    stat("ranges", &status);
    say("mtime", status.st_mtim.tv_sec * 1000000000L + status.st_mtim.tv_nsec);
    say("times of a symlink", utimensat(AT_FDCWD, "soft", times, AT_SYMLINK_NOFOLLOW));
    lstat("soft", &status);
    say("mtime of it", status.st_mtim.tv_sec);
    say("chown", chown("ranges", 1000, 2000));
    say("chown of a symlink", lchown("soft", 1001, 2001));
    stat("ranges", &status);
    say("owner", status.st_uid * 10000L + status.st_gid);
    say("set-user-id", chmod("ranges", 06755));
    say("mode", mode_of("ranges"));
    say("private", close(open("private", O_WRONLY | O_CREAT, 0600)));
    say("fifo", mkfifo("fifo", 0620));
    say("sticky directory", mkdir("sticky", 0777) + chmod("sticky", 01777));
    say("setgid directory", mkdir("group", 0770) + chown("group", 0, 3000) + chmod("group", 02777));
}

static void other_user(void) {
    setgid(2000), setuid(1000);
    umask(022);
    say("user: write to its own", close(open("ranges", O_WRONLY | O_APPEND)));
    int file = open("ranges", O_WRONLY);
    say("user: writes", write(file, "x", 1));
    say("user: mode after it", mode_of("ranges"));
    say("user: create at the top", open("denied", O_WRONLY | O_CREAT, 0600));
    say("user: create in sticky", close(open("sticky/mine", O_WRONLY | O_CREAT, 0666)));
    say("user: mode under its mask", mode_of("sticky/mine"));
    say("user: create in group", mkdir("group/mine", 0777));
    struct stat status;
    stat("group/mine", &status);
    say("user: owner there", status.st_uid * 10000L + status.st_gid);
    say("user: mode there", mode_of("group/mine"));
    say("user: chown", chown("sticky/mine", 0, 0));
    say("user: device", mknod("sticky/device", S_IFCHR | 0600, 0x103));
    say("user: remove another's", unlink("soft"));
    say("user: read what is not its", close(open("private", O_RDONLY)));
    fflush(stdout);
    _exit(0);
}

static void temporary(void) {
    int file = open(".", O_TMPFILE | O_RDWR, 0600);
    say("temporary file", file < 0 ? -1 : 0);
    say("write to it", write(file, "temporary", 9));
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    say("name for it", linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    say("size of it", size_of("named"));
    close(file);
}

static void numbers(void) {
    DIR *directory = opendir(".");
    int other = 0;
    struct stat status;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strcmp(entry->d_name, "..") != 0 && lstat(entry->d_name, &status) == 0 && status.st_ino != entry->d_ino)
            other++;
    closedir(directory);
    say("names with another number in their directory", other);
}

int main(int count, char **arguments) {
    if (count != 2 || chdir(arguments[1]) < 0)
        return 2;
    umask(0);
    mappings();
    names();
    ranges();
    attributes();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        other_user();
    waitpid(child, NULL, 0);
    temporary();
    numbers();
    return 0;
}
