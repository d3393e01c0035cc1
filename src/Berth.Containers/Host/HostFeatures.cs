using Berth.Containers.Cgroups;
using Berth.Containers.Security;
using Berth.Linux;

namespace Berth.Containers.Host;

/// <summary>What this host offers to containers and virtual machines, found by reading alone.</summary>
public sealed record HostFeatures
{
    /// <summary>The kernel.</summary>
    public KernelVersion Kernel { get; init; }

    /// <summary>1 or 2; 0 when no cgroup file system is mounted.</summary>
    public int CgroupVersion { get; init; }

    /// <summary>What the cgroup controllers can limit.</summary>
    public CgroupFeatures Cgroups { get; init; } = new();

    /// <summary>Everything looked at, in the order to show it.</summary>
    public required IReadOnlyList<HostFeature> All { get; init; }

    /// <summary>The feature of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public HostFeature this[string name] => All.FirstOrDefault(f => f.Name == name) ?? throw new KeyNotFoundException($"no host feature is called {name}");

    /// <summary>Whether nothing is missing that containers need.</summary>
    public bool CanRunContainers => All.All(static f => !f.Required || f.Status != FeatureStatus.Missing);

    /// <summary>Looks at this host.</summary>
    public static HostFeatures Probe() => Probe(new HostFiles(), DetectCgroups(), Libc.EffectiveUserId == 0, CapabilitySet.OfThisProcess());

    internal static HostFeatures Probe(HostFiles files, CgroupHierarchy? cgroups, bool root, CapabilitySet capabilities)
    {
        KernelVersion kernel = KernelVersion.TryParse(files.Read("/proc/sys/kernel/osrelease"), out KernelVersion version) ? version : default;
        CgroupFeatures limits = cgroups is null ? new CgroupFeatures() : CgroupFeatures.Probe(cgroups, files);
        return new HostFeatures
        {
            Kernel = kernel,
            CgroupVersion = cgroups is null ? 0 : (int)cgroups.Version,
            Cgroups = limits,
            All =
            [
                KernelFeatures.Release(files, kernel),
                KernelFeatures.Privileges(root, capabilities),
                KernelFeatures.Overlay(files),
                .. KernelFeatures.Namespaces(files),
                KernelFeatures.Seccomp(files),
                .. CgroupProbe.Features(cgroups, limits),
                KernelFeatures.Since(kernel, new KernelVersion(5, 3), "pidfd", "processes are held by descriptor, never by a number that may be reused", required: true),
                KernelFeatures.Since(kernel, new KernelVersion(5, 6), "openat2", "paths inside containers are resolved without leaving them", required: true),
                KernelFeatures.Since(kernel, new KernelVersion(5, 12), "idmapped-mounts", "volumes can be mapped into user namespaces", required: false),
                SecurityModules.AppArmor(files),
                SecurityModules.SELinux(files),
                KernelFeatures.Nftables(files),
                KernelFeatures.Tun(files),
                KernelFeatures.Fuse(files),
                VirtualizationProbe.Kvm(files),
                VirtualizationProbe.Processor(files),
                HostTools.Apt(files),
                HostTools.Debootstrap(files),
                HostTools.MachineDisks(files),
                HostTools.BuildPrograms(files),
            ],
        };
    }

    private static CgroupHierarchy? DetectCgroups()
    {
        try
        {
            return CgroupHierarchy.Detect();
        }
        catch (CgroupException)
        {
            return null;
        }
    }
}
