using Berth.Cli.CommandLine;

namespace Berth.Cli.Containers;

/// <summary>The flags of <c>run</c> and <c>create</c> that say what the container is; docker's names and meanings.</summary>
internal sealed class ContainerFlags
{
    // Identity and process
    public readonly TextFlag Name = new("name", "NAME", "Name of the container") { Completes = CompletionSource.Nothing };
    public readonly BoolFlag Interactive = new("interactive", 'i', "Keep standard input open");
    public readonly BoolFlag Tty = new("tty", 't', "Give the container a terminal");
    public readonly ListFlag Attach = new("attach", 'a', "STREAM", "Attach to stdin, stdout or stderr only");
    public readonly ListFlag Env = new("env", 'e', "NAME[=VALUE]", "Set an environment variable");
    public readonly ListFlag EnvFile = new("env-file", "FILE", "Read environment variables from a file");
    public readonly TextFlag Workdir = new("workdir", 'w', "PATH", "Working directory in the container");
    public readonly TextFlag User = new("user", 'u', "USER[:GROUP]", "User to run as");
    public readonly ListFlag GroupAdd = new("group-add", "GROUP", "Additional group of the user");
    public readonly TextFlag Entrypoint = new("entrypoint", "COMMAND", "Run this instead of the image's entrypoint");
    public readonly BoolFlag Init = new("init", "Run a small init as process 1 that reaps and forwards signals");
    public readonly ListFlag Label = new("label", 'l', "NAME[=VALUE]", "Attach a label");
    public readonly ListFlag LabelFile = new("label-file", "FILE", "Read labels from a file");
    public readonly ListFlag Annotation = new("annotation", "NAME=VALUE", "Attach an annotation for the runtime");
    public readonly TextFlag Hostname = new("hostname", 'h', "NAME", "Host name");
    public readonly TextFlag Domainname = new("domainname", "NAME", "NIS domain name");
    public readonly TextFlag StopSignal = new("stop-signal", "SIGNAL", "Signal that asks the workload to end") { Completes = CompletionSource.Signals };
    public readonly NumberFlag StopTimeout = new("stop-timeout", "SECONDS", "Time to end before it is killed");

    // Files
    public readonly ListFlag Volume = new("volume", 'v', "SOURCE:TARGET[:OPTIONS]", "Mount a host path or a volume");
    public readonly ListFlag Mount = new("mount", "SPEC", "Mount by key=value pairs: type (bind, volume, tmpfs, image), source, target, readonly …");
    public readonly ListFlag Tmpfs = new("tmpfs", "PATH[:OPTIONS]", "Mount an empty file system in memory");
    public readonly ListFlag VolumesFrom = new("volumes-from", "CONTAINER", "Mount the volumes of another container") { Completes = CompletionSource.Containers };
    public readonly TextFlag VolumeDriver = new("volume-driver", "NAME", "Driver of volumes made for this container");
    public readonly BoolFlag ReadOnly = new("read-only", "Mount the root file system read-only");
    public readonly TextFlag ShmSize = new("shm-size", "SIZE", "Size of /dev/shm (default 64m)");
    public readonly ListFlag StorageOpt = new("storage-opt", "NAME=VALUE", "Storage option");

    // Limits
    public readonly ResourceFlags Resources = new();
    public readonly NumberFlag MemorySwappiness = new("memory-swappiness", "PERCENT", "How readily memory is swapped out, 0 to 100");
    public readonly BoolFlag OomKillDisable = new("oom-kill-disable", "Do not kill when memory runs out");
    public readonly NumberFlag OomScoreAdj = new("oom-score-adj", "NUMBER", "How readily the host kills it, -1000 to 1000");
    public readonly ListFlag Ulimit = new("ulimit", "NAME=SOFT[:HARD]", "Resource limit of its processes");
    public readonly ListFlag BlkioWeightDevice = new("blkio-weight-device", "DEVICE:WEIGHT", "Block I/O weight on a device");
    public readonly ListFlag DeviceReadBps = new("device-read-bps", "DEVICE:RATE", "Bytes a second read from a device");
    public readonly ListFlag DeviceWriteBps = new("device-write-bps", "DEVICE:RATE", "Bytes a second written to a device");
    public readonly ListFlag DeviceReadIops = new("device-read-iops", "DEVICE:RATE", "Reads a second from a device");
    public readonly ListFlag DeviceWriteIops = new("device-write-iops", "DEVICE:RATE", "Writes a second to a device");
    public readonly TextFlag CgroupParent = new("cgroup-parent", "PATH", "Parent cgroup");

    // Rights
    public readonly ListFlag CapAdd = new("cap-add", "CAPABILITY", "Give a capability") { Completes = CompletionSource.Capabilities };
    public readonly ListFlag CapDrop = new("cap-drop", "CAPABILITY", "Take a capability away") { Completes = CompletionSource.Capabilities };
    public readonly BoolFlag Privileged = new("privileged", "Give every right: all capabilities and devices, no seccomp");
    public readonly ListFlag SecurityOpt = new("security-opt", "OPTION", "no-new-privileges, seccomp=FILE|unconfined …");
    public readonly ListFlag Device = new("device", "HOST[:CONTAINER[:rwm]]", "Hand in a host device");
    public readonly ListFlag DeviceCgroupRule = new("device-cgroup-rule", "RULE", "Allow devices, as 'c 1:3 rwm'");
    public readonly TextFlag Gpus = new("gpus", "REQUEST", "GPUs to hand in");
    public readonly ListFlag Sysctl = new("sysctl", "NAME=VALUE", "Kernel parameter of the container's namespaces");

    // Namespaces and network
    public readonly ListFlag Network = new("network", "NETWORK", "Network by name, or none, host, container:NAME") { Completes = CompletionSource.Networks };
    public readonly ListFlag Net = new("net", "NETWORK", "Same as --network") { Hidden = true };
    public readonly ListFlag NetworkAlias = new("network-alias", "NAME", "Another name in the network");
    public readonly TextFlag Ip = new("ip", "ADDRESS", "IPv4 address in the network");
    public readonly TextFlag Ip6 = new("ip6", "ADDRESS", "IPv6 address in the network");
    public readonly TextFlag MacAddress = new("mac-address", "ADDRESS", "MAC address");
    public readonly ListFlag Link = new("link", "CONTAINER[:ALIAS]", "Link to another container");
    public readonly ListFlag Publish = new("publish", 'p', "[HOST:]PORT", "Publish a port");
    public readonly BoolFlag PublishAll = new("publish-all", 'P', "Publish every exposed port");
    public readonly ListFlag Expose = new("expose", "PORT", "Expose a port");
    public readonly ListFlag AddHost = new("add-host", "NAME:ADDRESS", "Add a line to /etc/hosts");
    public readonly ListFlag Dns = new("dns", "ADDRESS", "Name server");
    public readonly ListFlag DnsSearch = new("dns-search", "DOMAIN", "Search domain");
    public readonly ListFlag DnsOption = new("dns-option", "OPTION", "Resolver option");
    public readonly ListFlag DnsOpt = new("dns-opt", "OPTION", "Same as --dns-option") { Hidden = true };
    public readonly TextFlag Pid = new("pid", "MODE", "Process namespace: host, private or container:NAME");
    public readonly TextFlag Ipc = new("ipc", "MODE", "IPC namespace: host, private, shareable, none or container:NAME");
    public readonly TextFlag Uts = new("uts", "MODE", "UTS namespace: host");
    public readonly TextFlag Userns = new("userns", "MODE", "User namespace: host, private (65536 ids of its own), container:NAME");
    public readonly TextFlag Cgroupns = new("cgroupns", "MODE", "Cgroup namespace: host or private");

    // Life
    public readonly TextFlag Restart = new("restart", "POLICY", "no, always, unless-stopped or on-failure[:MAX]") { Completes = CompletionSource.RestartPolicies };
    public readonly BoolFlag Remove = new("rm", "Remove the container when it ends");
    public readonly TextFlag HealthCmd = new("health-cmd", "COMMAND", "Command that checks health");
    public readonly TextFlag HealthInterval = new("health-interval", "DURATION", "Time between checks");
    public readonly TextFlag HealthTimeout = new("health-timeout", "DURATION", "Longest time of a check");
    public readonly TextFlag HealthStartPeriod = new("health-start-period", "DURATION", "Time to start before failures count");
    public readonly TextFlag HealthStartInterval = new("health-start-interval", "DURATION", "Time between checks while starting");
    public readonly NumberFlag HealthRetries = new("health-retries", "NUMBER", "Failures in a row that make it unhealthy");
    public readonly BoolFlag NoHealthcheck = new("no-healthcheck", "Switch the image's health check off");
    public readonly TextFlag LogDriver = new("log-driver", "DRIVER", "json-file, local or none");
    public readonly ListFlag LogOpt = new("log-opt", "NAME=VALUE", "Log option: max-size, max-file");

    // How it is made
    public readonly TextFlag Runtime = new("runtime", "RUNTIME", "container or vm") { Completes = CompletionSource.Runtimes };
    public readonly BoolFlag Vm = new("vm", "Run as a virtual machine: same as --runtime vm");
    public readonly TextFlag Kernel = new("kernel", "NAME", "Kernel of the virtual machine, from 'berth kernel ls'") { Completes = CompletionSource.Kernels };
    public readonly TextFlag CpuEngine = new("cpu-engine", "auto|kvm|translator|interpreter", "What the processors of the virtual machine are; auto takes KVM where it passes the test of 'berth doctor'");
    public readonly TextFlag Isolation = new("isolation", "TECHNOLOGY", "For other systems than Linux") { Hidden = true };
    public readonly BoolFlag DisableContentTrust = new("disable-content-trust", "For compatibility") { Hidden = true };
    public readonly TextFlag Platform = new("platform", "PLATFORM", "Platform of the image, as linux/amd64");
    public readonly TextFlag Pull = new("pull", "always|missing|never", "When to get the image");
    public readonly TextFlag Cidfile = new("cidfile", "FILE", "Write the container's id to a file");
    public readonly BoolFlag Quiet = new("quiet", 'q', "No progress");

    /// <summary>Whether it shall be a virtual machine.</summary>
    public bool IsMachine => Vm.Value || Runtime.Value == "vm";

    /// <summary>All of them, in the order of help.</summary>
    public Flag[] All =>
    [
        Interactive, Tty, Name, Remove, Env, EnvFile, Volume, Mount, Tmpfs, Workdir, User, GroupAdd, Entrypoint, Hostname, Domainname, Attach,
        Init, Label, LabelFile, Annotation, StopSignal, StopTimeout, VolumesFrom, VolumeDriver, ReadOnly, ShmSize, StorageOpt,
        .. Resources.All,
        MemorySwappiness, OomKillDisable, OomScoreAdj, Ulimit, BlkioWeightDevice, DeviceReadBps, DeviceWriteBps, DeviceReadIops, DeviceWriteIops,
        CgroupParent, CapAdd, CapDrop, Privileged, SecurityOpt, Device, DeviceCgroupRule, Gpus, Sysctl, Network, Net, NetworkAlias, Ip, Ip6, MacAddress,
        Link, Publish, PublishAll, Expose, AddHost, Dns, DnsSearch, DnsOption, DnsOpt, Pid, Ipc, Uts, Userns, Cgroupns, Restart, HealthCmd,
        HealthInterval, HealthTimeout, HealthStartPeriod, HealthStartInterval, HealthRetries, NoHealthcheck, LogDriver, LogOpt, Runtime, Vm, Kernel, CpuEngine,
        Isolation, DisableContentTrust, Platform, Pull, Cidfile, Quiet,
    ];
}
