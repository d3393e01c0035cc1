namespace Berth.Containers.Security;

/// <summary>Paths of /proc and /sys that tell about or change the host, hidden or made read-only in every container that is not privileged.</summary>
public static class DefaultPaths
{
    private static readonly string[] HiddenEverywhere =
    [
        "/proc/acpi",
        "/proc/asound",
        "/proc/interrupts", // timing of other tenants' keystrokes and network traffic
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/devices/virtual/powercap", // energy counters leak what others compute (PLATYPUS)
        "/sys/firmware",
    ];

    /// <summary>Hidden on this host; a path the host lacks is passed over when mounting.</summary>
    public static IReadOnlyList<string> Masked { get; } = [.. HiddenEverywhere, .. ThermalThrottle("/sys/devices/system/cpu")];

    /// <summary>Readable, not writable.</summary>
    public static IReadOnlyList<string> Readonly { get; } = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>One directory per CPU that has it: counters that tell the load of neighbours.</summary>
    internal static IReadOnlyList<string> ThermalThrottle(string cpus)
    {
        if (!Directory.Exists(cpus))
            return [];
        return
        [
            .. Directory.EnumerateDirectories(cpus, "cpu*")
                .Where(static cpu => Path.GetFileName(cpu).AsSpan(3) is { Length: > 0 } number && !number.ContainsAnyExceptInRange('0', '9'))
                .Select(static cpu => cpu + "/thermal_throttle")
                .Where(Directory.Exists)
                .Order(StringComparer.Ordinal),
        ];
    }
}
