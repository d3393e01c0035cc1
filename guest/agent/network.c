// Network cards: the host says what each, known by its hardware address, is called and which addresses and gateways it has.
#include "agent.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// linux/ipv6.h, which does not go together with netinet/in.h
struct in6_ifreq {
    struct in6_addr address;
    uint32_t prefix;
    int index;
};

static bool fail(const char *what, const char *which) {
    send_failed(agent.request, 125, errno, "cannot %s %s: %s", what, which, strerror(errno));
    return false;
}

static void name_of(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    snprintf(request->ifr_name, sizeof request->ifr_name, "%s", name);
}

static bool find_card(int file, const char *mac, struct ifreq *request) {
    struct ether_addr wanted;
    DIR *cards = ether_aton_r(mac, &wanted) ? opendir("/sys/class/net") : NULL;
    bool found = false;
    for (struct dirent *entry; cards && !found && (entry = readdir(cards));) {
        name_of(request, entry->d_name);
        found = entry->d_name[0] != '.' && ioctl(file, SIOCGIFHWADDR, request) == 0 && memcmp(request->ifr_hwaddr.sa_data, &wanted, 6) == 0;
    }
    if (cards)
        closedir(cards);
    if (!found)
        errno = ENODEV;
    return found;
}

static bool bring_up(int file, const char *name) {
    struct ifreq request;
    name_of(&request, name);
    if (ioctl(file, SIOCGIFFLAGS, &request) < 0)
        return false;
    request.ifr_flags |= IFF_UP;
    return ioctl(file, SIOCSIFFLAGS, &request) == 0;
}

// Addresses are the host's to give and nobody else has them: no second of waiting for objections to one.
static void trust_addresses(const char *name) {
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/accept_dad", name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t ignored = write(file, "0", 1);
    (void)ignored;
    close(file);
}

static bool add_address(int file, int file6, const char *name, const char *text) {
    char address[64];
    const char *slash = strchr(text, '/');
    snprintf(address, sizeof address, "%.*s", slash ? (int)(slash - text) : 0, text);
    int prefix = slash ? atoi(slash + 1) : -1;
    struct ifreq request;
    name_of(&request, name);
    struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
    struct in6_ifreq six = {.prefix = (uint32_t)prefix, .index = (int)if_nametoindex(name)};
    if (inet_pton(AF_INET6, address, &six.address) == 1 && prefix >= 0 && prefix <= 128)
        return ioctl(file6, SIOCSIFADDR, &six) == 0;
    if (inet_pton(AF_INET, address, &in->sin_addr) != 1 || prefix < 0 || prefix > 32) {
        errno = EINVAL;
        return false;
    }
    in->sin_family = AF_INET;
    if (ioctl(file, SIOCSIFADDR, &request) < 0)
        return false;
    in->sin_addr.s_addr = htonl(prefix == 0 ? 0 : ~0U << (32 - prefix));
    return ioctl(file, SIOCSIFNETMASK, &request) == 0;
}

static bool add_gateway(int file, int file6, char *name, const char *text) {
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = name};
    struct sockaddr_in *gateway = (struct sockaddr_in *)&route.rt_gateway;
    struct in6_rtmsg six = {.rtmsg_flags = RTF_UP | RTF_GATEWAY, .rtmsg_metric = 1, .rtmsg_ifindex = (int)if_nametoindex(name)};
    if (inet_pton(AF_INET6, text, &six.rtmsg_gateway) == 1)
        return ioctl(file6, SIOCADDRT, &six) == 0;
    route.rt_dst.sa_family = route.rt_genmask.sa_family = gateway->sin_family = AF_INET;
    if (inet_pton(AF_INET, text, &gateway->sin_addr) == 1)
        return ioctl(file, SIOCADDRT, &route) == 0;
    errno = EINVAL;
    return false;
}

static bool configure(int file, int file6, struct ifreq request, char *name, uint32_t mtu, const struct strings *addresses, const struct strings *gateways) {
    snprintf(request.ifr_newname, sizeof request.ifr_newname, "%s", name);
    if (strcmp(request.ifr_name, name) != 0 && ioctl(file, SIOCSIFNAME, &request) < 0)
        return fail("name the network card", name);
    name_of(&request, name);
    request.ifr_mtu = (int)mtu;
    trust_addresses(name);
    if (ioctl(file, SIOCSIFMTU, &request) < 0 || !bring_up(file, name))
        return fail("bring up the network card", name);
    for (uint32_t i = 0; i < addresses->count; i++)
        if (!add_address(file, file6, name, addresses->items[i]))
            return fail("give a network card the address", addresses->items[i]);
    for (uint32_t i = 0; i < gateways->count; i++)
        if (!add_gateway(file, file6, name, gateways->items[i]))
            return fail("route to the gateway", gateways->items[i]);
    return true;
}

bool set_up_network(struct reader *reader) {
    uint32_t count = read_u32(reader);
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), file6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = true;
    if (!agent.native && file >= 0)
        bring_up(file, "lo");
    for (uint32_t i = 0; good && i < count && !reader->bad; i++) {
        char *mac = read_string(reader), *name = read_string(reader);
        uint32_t mtu = read_u32(reader);
        struct strings addresses = read_strings(reader), gateways = read_strings(reader);
        struct ifreq request;
        good = reader->bad || (find_card(file, mac, &request) ? configure(file, file6, request, name, mtu, &addresses, &gateways) : fail("find the network card", mac));
        free(mac);
        free(name);
        free_strings(&addresses);
        free_strings(&gateways);
    }
    if (file >= 0)
        close(file);
    if (file6 >= 0)
        close(file6);
    return good;
}

// Cards that come and go while the machine runs: the host puts them into slots of the PCI bus and takes them out again, the kernel looks when told to.

static bool tell(const char *path) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool done = file >= 0 && write(file, "1", 1) == 1;
    if (file >= 0) {
        int error = errno;
        close(file);
        errno = error;
    }
    return done;
}

enum { FUNCTION_PATH = 64 };

static const char *function_path(char path[FUNCTION_PATH], uint8_t slot, const char *file) {
    snprintf(path, FUNCTION_PATH, "/sys/bus/pci/devices/0000:00:%02x.0/%s", slot, file);
    return path;
}

// Takes the name of the first entry that begins so.
static bool first_entry(const char *path, const char *beginning, char name[256]) {
    DIR *entries = opendir(path);
    bool found = false;
    for (struct dirent *entry; entries && !found && (entry = readdir(entries));) {
        found = entry->d_name[0] != '.' && strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
        if (found)
            snprintf(name, 256, "%s", entry->d_name);
    }
    if (entries)
        closedir(entries);
    return found;
}

// 0000:00:SLOT.0/virtioN/net/NAME, which says more than a hardware address that another card may have as well.
static bool find_in_slot(uint8_t slot, struct ifreq *request) {
    char function[FUNCTION_PATH], device[256], cards[FUNCTION_PATH + 256 + 8], name[256];
    if (!first_entry(function_path(function, slot, ""), "virtio", device))
        return false;
    snprintf(cards, sizeof cards, "%s/%s/net", function, device);
    if (!first_entry(cards, "", name) || strlen(name) >= IFNAMSIZ)
        return false;
    name_of(request, name);
    return true;
}

static bool let_go(uint8_t slot) {
    char path[FUNCTION_PATH];
    return tell(function_path(path, slot, "remove")) || errno == ENOENT;
}

static bool set_up_card(uint8_t slot, char *name, uint32_t mtu, const struct strings *addresses, const struct strings *gateways) {
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), file6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request;
    bool good;
    if (!tell("/sys/bus/pci/rescan")) {
        good = fail("look for", "network cards");
    } else if (!find_in_slot(slot, &request)) {
        errno = ENODEV;
        good = fail("find the network card", name);
    } else {
        good = configure(file, file6, request, name, mtu, addresses, gateways);
    }
    if (file >= 0)
        close(file);
    if (file6 >= 0)
        close(file6);
    return good;
}

static bool malformed(void) {
    send_failed(agent.request, 125, EINVAL, "malformed request for a network card");
    return false;
}

static bool without_bus(void) {
    send_failed(agent.request, 125, EOPNOTSUPP, "the host's own network cards are not the agent's");
    return false;
}

bool add_card(struct reader *reader) {
    uint8_t slot = read_u8(reader);
    char *mac = read_string(reader), *name = read_string(reader);
    uint32_t mtu = read_u32(reader);
    struct strings addresses = read_strings(reader), gateways = read_strings(reader);
    bool good = reader->bad || reader->at != reader->end ? malformed() : agent.native ? without_bus() : set_up_card(slot, name, mtu, &addresses, &gateways);
    // The answer leaves after this: the host takes out only what nobody uses.
    if (!good && !reader->bad && !agent.native)
        let_go(slot);
    free(mac);
    free(name);
    free_strings(&addresses);
    free_strings(&gateways);
    return good;
}

bool remove_card(struct reader *reader) {
    uint8_t slot = read_u8(reader);
    if (reader->bad || reader->at != reader->end)
        return malformed();
    if (agent.native)
        return without_bus();
    return let_go(slot) ? true : fail("let go of", "the network card");
}

static bool route(uint8_t slot, const struct strings *gateways) {
    struct ifreq request;
    if (!find_in_slot(slot, &request)) {
        errno = ENODEV;
        return fail("find the network card for", "the default route");
    }
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), file6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = true;
    for (uint32_t i = 0; good && i < gateways->count; i++) // one that the guest made for itself stays
        good = add_gateway(file, file6, request.ifr_name, gateways->items[i]) || errno == EEXIST ? true : fail("route to the gateway", gateways->items[i]);
    if (file >= 0)
        close(file);
    if (file6 >= 0)
        close(file6);
    return good;
}

bool configure_network(struct reader *reader) {
    char *hosts = read_string(reader), *resolver = read_string(reader);
    uint8_t slot = read_u8(reader);
    struct strings gateways = read_strings(reader);
    bool good = reader->bad || reader->at != reader->end ? malformed() : gateways.count > 0 && agent.native ? without_bus() : true;
    good = good && write_network_files(hosts, resolver) && (gateways.count == 0 || route(slot, &gateways));
    free(hosts);
    free(resolver);
    free_strings(&gateways);
    return good;
}
