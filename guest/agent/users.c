// Users and groups as the image knows them: its /etc/passwd and /etc/group, without any C library plug-in.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE = 4 << 20, FIELDS = 7 };

static char *load(const char *path) {
    // Not blocking, and only a plain file: an image may have put a pipe here.
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;
    if (file < 0)
        return allocate(1);
    if (fstat(file, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_size > MAX_FILE)
        stat.st_size = 0;
    char *text = allocate((size_t)stat.st_size + 1);
    for (off_t at = 0; at < stat.st_size;) {
        ssize_t count = read(file, text + at, (size_t)(stat.st_size - at));
        if (count <= 0)
            break;
        at += count;
    }
    close(file);
    return text;
}

static bool parse_number(const char *text, uint32_t *number) {
    if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 10)
        return false;
    uint64_t value = strtoull(text, NULL, 10);
    *number = (uint32_t)value;
    return value < UINT32_MAX;
}

// Cuts the next line of *text into fields; those missing are "".
static bool next_line(char **text, char *fields[FIELDS]) {
    if (!**text)
        return false;
    char *line = *text, *end = line + strcspn(line, "\n");
    *text = *end ? end + 1 : end;
    *end = 0;
    for (int i = 0; i < FIELDS; i++) {
        char *colon = i < FIELDS - 1 ? strchr(line, ':') : NULL;
        fields[i] = line;
        line = colon ? colon + 1 : line + strlen(line);
        if (colon)
            *colon = 0;
    }
    return true;
}

static bool find_group(const char *name, gid_t *gid) {
    char *groups = load("/etc/group"), *at = groups, *fields[FIELDS];
    bool found = false;
    uint32_t number;
    while (!found && next_line(&at, fields))
        if (strcmp(fields[0], name) == 0 && parse_number(fields[2], &number)) {
            *gid = number;
            found = true;
        }
    free(groups);
    return found || parse_number(name, gid);
}

static void add_group(struct credentials *found, gid_t gid) {
    for (size_t i = 0; i < found->group_count; i++)
        if (found->groups[i] == gid)
            return;
    if (found->group_count < sizeof found->groups / sizeof *found->groups)
        found->groups[found->group_count++] = gid;
}

static bool has_member(char *members, const char *name) {
    for (char *save = NULL, *member = strtok_r(members, ",", &save); member; member = strtok_r(NULL, ",", &save))
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

static void add_memberships(struct credentials *found, const char *name) {
    char *groups = load("/etc/group"), *at = groups, *fields[FIELDS];
    uint32_t number;
    while (next_line(&at, fields))
        if (parse_number(fields[2], &number) && has_member(fields[3], name))
            add_group(found, number);
    free(groups);
}

const char *find_credentials(const char *user, const struct strings *more, struct credentials *found) {
    static char problem[512];
    char wanted[256], name[256] = "";
    memset(found, 0, sizeof *found);
    strcpy(found->home, "/");
    if (strlen(user) >= sizeof wanted)
        return "the user's name is too long";
    strcpy(wanted, *user ? user : "0");
    char *group = strchr(wanted, ':');
    if (group)
        *group++ = 0;
    if (!*wanted)
        strcpy(wanted, "0");

    uint32_t number = 0, gid;
    bool is_number = parse_number(wanted, &number), known = false;
    char *users = load("/etc/passwd"), *at = users, *fields[FIELDS];
    uint32_t uid;
    while (!known && next_line(&at, fields))
        if (parse_number(fields[2], &uid) && (strcmp(fields[0], wanted) == 0 || (is_number && uid == number))) {
            known = true;
            found->uid = uid;
            found->gid = parse_number(fields[3], &gid) ? gid : 0;
            snprintf(name, sizeof name, "%s", fields[0]);
            if (fields[5][0] == '/')
                snprintf(found->home, sizeof found->home, "%s", fields[5]);
        }
    free(users);
    if (!known && !is_number) {
        snprintf(problem, sizeof problem, "unable to find user %s: no matching entries in passwd file", wanted);
        return problem;
    }
    if (!known)
        found->uid = number;
    if (group && *group) {
        if (!find_group(group, &found->gid)) {
            snprintf(problem, sizeof problem, "unable to find group %s: no matching entries in group file", group);
            return problem;
        }
    } else if (known) {
        add_memberships(found, name);
    }
    add_group(found, found->gid);
    for (uint32_t i = 0; i < more->count; i++) {
        if (!find_group(more->items[i], &gid)) {
            snprintf(problem, sizeof problem, "unable to find group %.200s: no matching entries in group file", more->items[i]);
            return problem;
        }
        add_group(found, gid);
    }
    return NULL;
}
