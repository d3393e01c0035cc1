namespace Berth.Containers.Host;

/// <summary>What virtual machines would find. Presence proves little; only running a guest proves that KVM works.</summary>
internal static class VirtualizationProbe
{
    public const string KvmName = "kvm";

    private const string Consequence = "without it virtual machines run on the software CPU";

    public static HostFeature Kvm(KvmVerdict verdict) => verdict.Usable
        ? new HostFeature(KvmName, FeatureStatus.Available, $"{verdict.Reason}: virtual machines run on it unless --cpu-engine says otherwise")
        : new HostFeature(KvmName, FeatureStatus.Limited, verdict.Reason, $"use a host with nested virtualization; {Consequence}");

    public static HostFeature Kvm(HostFiles files)
    {
        if (!files.Exists("/dev/kvm"))
            return new HostFeature(KvmName, FeatureStatus.Missing, "/dev/kvm does not exist", "modprobe kvm_intel or kvm_amd; on a virtual server ask for nested virtualization; " + Consequence);
        return Flag(files) is not null
            ? new HostFeature(KvmName, FeatureStatus.Available, "/dev/kvm on a processor with virtualization; only a running guest proves that it works")
            : new HostFeature(KvmName, FeatureStatus.Limited, "/dev/kvm exists but the processor shows neither vmx nor svm: probably a page-table-based KVM, which runs small guests only", "use a host with nested virtualization; " + Consequence);
    }

    public static HostFeature Processor(HostFiles files) => Flag(files) is { } flag
        ? new HostFeature("cpu-virtualization", FeatureStatus.Available, $"/proc/cpuinfo shows {flag}")
        : new HostFeature("cpu-virtualization", FeatureStatus.Missing, "/proc/cpuinfo shows neither vmx nor svm", "switch it on in the firmware, or ask the provider for nested virtualization");

    private static string? Flag(HostFiles files)
    {
        string flags = files.Lines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        string[] words = flags.Split(' ');
        return words.Contains("vmx") ? "vmx" : words.Contains("svm") ? "svm" : null;
    }
}
