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
    send_failed(0, 125, errno, "cannot %s %s: %s", what, which, strerror(errno));
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

static bool configure(int file, int file6, const char *mac, char *name, uint32_t mtu, const struct strings *addresses, const struct strings *gateways) {
    struct ifreq request;
    if (!find_card(file, mac, &request))
        return fail("find the network card", mac);
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
        good = reader->bad || configure(file, file6, mac, name, mtu, &addresses, &gateways);
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
