namespace Berth.Engine.Planning;

/// <summary>Kernel files that an unprivileged instance does not see, or cannot write.</summary>
internal static class DefaultPaths
{
    public static IReadOnlyList<string> Masked { get; } =
    [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
        "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
        .. Enumerable.Range(0, Environment.ProcessorCount).Select(static cpu => $"/sys/devices/system/cpu/cpu{cpu}/thermal_throttle"),
    ];

    public static IReadOnlyList<string> ReadOnly { get; } = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
}
